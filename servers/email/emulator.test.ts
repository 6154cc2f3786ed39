import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createTransport } from 'nodemailer'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { emulatorReadySchema } from '../../shared/capability/call-meta.ts'
import type { RunningEmulator } from '../../shared/capability/emulator.ts'
import type { ReceivedMessage } from './emulator/mailbox.ts'
import { startMailEmulator } from './emulator/start.ts'
import { faults } from './faults.ts'

let folder: string
let emulator: RunningEmulator

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-mail-'))
  emulator = await startMailEmulator(folder)
})

afterEach(async () => {
  await emulator.close()
  await rm(folder, { recursive: true, force: true })
})

function client(password = emulator.credentials.SMTP_PASSWORD) {
  return createTransport({ url: emulator.endpoints.SMTP_URL, auth: { user: 'remit', pass: password } })
}

const message = { from: 'Remit <a@remit.example>', to: 'ada@acme.example', subject: 'Grüße', text: 'Hello' }

async function received() {
  const state = await (await fetch(`${emulator.control}/state`)).json()
  return (state as { messages: ReceivedMessage[] }).messages
}

function arm(mode: string | null) {
  return fetch(`${emulator.control}/faults`, { method: 'POST', body: JSON.stringify({ mode }) })
}

describe('the mail emulator', () => {
  test('keeps each message as an .eml file whose path its reply tells', async () => {
    const { response } = await client().sendMail(message)
    const path = /saved as (.*\.eml)$/.exec(response)?.[1] ?? ''
    expect(basename(path)).toBe('1-ada@acme.example.eml')
    expect(await readFile(path, 'utf8')).toContain('Hello')
  })

  test('shows parsed messages, and goes on numbering after a restart', async () => {
    await client().sendMail({ ...message, messageId: '<one@remit.example>' })
    await emulator.close()
    emulator = await startMailEmulator(folder)
    await client().sendMail(message)
    const messages = await received()
    expect(messages).toHaveLength(2)
    expect(messages[0]).toMatchObject({
      to: 'ada@acme.example',
      subject: 'Grüße',
      messageId: '<one@remit.example>',
    })
    expect(basename(messages[1]?.file ?? '')).toBe('2-ada@acme.example.eml')
  })

  test('keeps its credentials over a restart and takes no others', async () => {
    const before = emulator.credentials
    await emulator.close()
    emulator = await startMailEmulator(folder)
    expect(emulator.credentials).toEqual(before)
    await expect(client('wrong').sendMail(message)).rejects.toMatchObject({ responseCode: 535 })
    await expect(createTransport(emulator.endpoints.SMTP_URL).sendMail(message)).rejects.toMatchObject({
      responseCode: 530,
    })
  })

  test('writes a recipient with hostile characters inside its folder', async () => {
    await client().sendMail({ ...message, to: 'a/b/c@acme.example' })
    const [kept] = await received()
    expect(kept?.file.startsWith(join(folder, 'mail', '1-a_b_c@'))).toBe(true)
  })

  test('bounces until the fault is cleared', async () => {
    await arm('bounce')
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(client().sendMail(message)).rejects.toMatchObject({ responseCode: 550 })
    }
    await arm(null)
    await client().sendMail(message)
  })

  test('defers twice and then takes the message', async () => {
    await arm('defer')
    await expect(client().sendMail(message)).rejects.toMatchObject({ responseCode: 451 })
    await expect(client().sendMail(message)).rejects.toMatchObject({ responseCode: 451 })
    await client().sendMail(message)
    expect(await (await fetch(`${emulator.control}/faults`)).json()).toEqual({ mode: null })
  })

  test('loses one reply but keeps the message', async () => {
    await arm('lost')
    await expect(client().sendMail(message)).rejects.toThrow()
    expect(await received()).toHaveLength(1)
    await client().sendMail(message)
  })

  test('can be given every fault that the manifest names', async () => {
    for (const mode of Object.keys(faults)) expect(await (await arm(mode)).json()).toEqual({ mode })
  })

  test('refuses a fault that it does not know', async () => {
    const response = await arm('fire')
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('bounce')
  })

  test('runs as a process that says where it listens and ends on SIGTERM', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./emulator.ts', import.meta.url))], {
      env: { PATH: process.env.PATH, REMIT_EMULATOR_DATA: join(folder, 'own') },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(createInterface(child.stdout), 'line')
    const ready = emulatorReadySchema.parse(JSON.parse(line))
    expect(Object.keys(ready.endpoints)).toEqual(['SMTP_URL'])
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
  })
})
