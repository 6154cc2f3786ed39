import { join } from 'node:path'
import { expect } from 'vitest'
import { root } from '../support/remit-command.ts'
import { matrix } from './matrix.ts'
import { type HostEnded, type HostPlace, openHostPlace } from './support/run-host.ts'
import { folderOf, tryOut } from './support/try-out.ts'

const cli = join(folderOf(matrix.mcporter), 'dist', 'cli.js')
const server = join(root, 'test/interop/fixtures/host-main.ts')

/** One command of mcporter on the server; what it prints is JSON. */
async function mcporter(place: HostPlace, verb: 'list' | 'call', ...args: string[]): Promise<HostEnded> {
  const environment = Object.entries(place.serverEnvironment).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const named = ['--stdio', `${process.execPath} ${server}`, '--name', 'interop', ...environment]
  return place.run({ args: [cli, verb, ...named, ...args, ...(verb === 'list' ? ['--json'] : ['--output', 'json'])] })
}

tryOut('mcporter', {
  async list() {
    await using place = await openHostPlace()
    const { tools } = JSON.parse((await mcporter(place, 'list')).stdout)
    expect(tools.map(({ name }: { name: string }) => name)).toEqual([
      'add_numbers',
      'count_up',
      'refuse_everything',
      'wait_long',
    ])
    expect(place.opened()).toBe(matrix.mcporter.era)
  },
  async call() {
    await using place = await openHostPlace()
    expect(JSON.parse((await mcporter(place, 'call', 'add_numbers', 'a=2', 'b=3')).stdout)).toEqual({ sum: 5 })
  },
  async error() {
    await using place = await openHostPlace()
    const { stdout } = await mcporter(place, 'call', 'refuse_everything')
    expect(JSON.parse(stdout)).toMatchObject({ isError: true, content: [{ text: 'This is always refused.' }] })
    expect((await mcporter(place, 'call', 'no_such_tool')).stdout).toContain('-32602')
  },
  async cancel() {
    await using place = await openHostPlace()
    const { stdout } = await mcporter(place, 'call', 'wait_long', '--timeout', '8000')
    expect(stdout).toContain('timed out')
    expect(place.waits()).toEqual(['started', 'cancelled'])
  },
})
