import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'

/** One message as the control route shows it. */
export interface ReceivedMessage {
  to: string
  subject: string
  messageId: string
  file: string
}

/** A folder of `<n>-<to>.eml` files: the folder is the state. */
export interface Mailbox {
  /** Writes the message and answers its path. */
  save(to: string, raw: Buffer): string
  list(): Promise<ReceivedMessage[]>
}

/** Opens the folder; numbering goes on after the messages that are already there. */
export function openMailbox(folder: string): Mailbox {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  let last = Math.max(0, ...numbered(folder).map(({ number }) => number))
  return {
    save(to, raw) {
      last += 1
      // The address comes from the wire: only harmless characters become part of a path.
      const file = join(folder, `${last}-${to.replace(/[^a-zA-Z0-9@._+-]/g, '_').slice(0, 100)}.eml`)
      writeFileSync(file, raw, { mode: 0o600, flag: 'wx' })
      return file
    },
    list: () =>
      Promise.all(
        numbered(folder).map(async ({ name }) => {
          const file = join(folder, name)
          const { to, subject, messageId } = await simpleParser(readFileSync(file))
          const recipients = [to ?? []].flat().map(({ text }) => text)
          return { to: recipients.join(', '), subject: subject ?? '', messageId: messageId ?? '', file }
        }),
      ),
  }
}

function numbered(folder: string): { number: number; name: string }[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const number = /^(\d+)-.*\.eml$/.exec(name)?.[1]
      return number === undefined ? [] : [{ number: Number(number), name }]
    })
    .sort((a, b) => a.number - b.number)
}
