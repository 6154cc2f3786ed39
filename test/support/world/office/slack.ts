import { type Thing, Things } from '../things.ts'
import { answer, fail, type Vendor } from '../vendor.ts'

/** Channels with messages: what is posted twice is there twice, and can be deleted. */
export function slack(): Vendor {
  const messages = new Things('slack', 'message')
  const place = ({ id, values }: Thing) => ({
    channel_id: `C${String(values.channel).slice(1)}`,
    ts: `${id.replace('message_', '')}.000100`,
  })
  return {
    tools: {
      post_message: (args, doing) => answer(place(messages.make(`${args.channel}: ${args.text}`, args, doing))),
      find_message({ channel, text }, { run_id }) {
        const found = messages.find(
          (message) => message.run_id === run_id && message.values.channel === channel && message.values.text === text,
        )
        return found ? answer(place(found)) : fail('not_found', 'There is no such message.')
      },
      delete_message: ({ channel_id, ts }) =>
        answer({
          deleted: messages.remove((message) => place(message).channel_id === channel_id && place(message).ts === ts),
        }),
    },
    traces: () => messages.present(),
    everMade: () => messages.everMade(),
  }
}
