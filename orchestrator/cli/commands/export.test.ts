import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { draft } from '../../model/event.ts'
import { chainEvents, startOfChain } from '../../record/chain.ts'
import type { ExportLine } from '../../record/export-format.ts'
import { treeRoot } from '../../record/head-tree.ts'
import { digestOfRoot, publicKeyText, type SignedHead } from '../../record/signing.ts'
import { storeDraft } from '../../record/stored-draft.ts'
import { FakeTerminal, typed } from '../fixtures/fake-terminal.ts'
import { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { happyPath } from '../fixtures/journals.ts'
import { runId } from '../fixtures/recording.ts'
import { runCli } from '../run-cli.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const at = new Date('2026-01-01T12:00:00.000Z')
const lines = exported()

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-cli-'))
  await writeFile(join(folder, 'heads.pub'), publicKeyText(publicKey))
})
afterEach(() => rm(folder, { recursive: true }))

async function remit(argv: string[], given: () => AsyncIterable<string> = () => typed(...lines)) {
  const terminal = new FakeTerminal()
  terminal.folder = folder
  const workplace = new FakeWorkplace(happyPath().events)
  workplace.exported = given
  const exit = await runCli(argv, workplace, terminal)
  return { exit, out: terminal.out, err: terminal.err, opened: workplace.opened.length }
}

/** A run of one event, as `export` writes it. */
function exported(): string[] {
  const noted = draft('system_noted', { what: 'a', details: {} })
  const { rows, head } = chainEvents({ run_id: runId, tenant: 'acme', head: startOfChain, at }, [storeDraft(noted)])
  const signed: SignedHead = [runId, head.seq, head.hash]
  const signing = { id: 1, at: at.toISOString(), prev_digest: '0'.repeat(64) }
  const signature = sign(null, digestOfRoot({ ...signing, root: treeRoot([signed]), count: 1 }), privateKey)
  const content: ExportLine[] = [
    { line: 'export', version: 1, run_id: runId, exported_at: at.toISOString(), public_key: publicKeyText(publicKey) },
    {
      line: 'signed_head',
      ...signing,
      signature: signature.toString('base64'),
      signed: { v: 2, count: 1, head: signed, path: [] },
    },
    ...rows.map(({ run_id: _, data, ...row }): ExportLine => ({ line: 'event', ...row, data: JSON.parse(data) })),
  ]
  const texts = content.map((line) => `${JSON.stringify(line)}\n`)
  const digest = createHash('sha256').update(texts.join('')).digest('hex')
  return [...texts, `${JSON.stringify({ line: 'end', signed_heads: 1, events: 1, payloads: 0, digest })}\n`]
}

describe('export', () => {
  test('writes JSON lines to stdout and nothing else there, or a file for its owner alone', async () => {
    expect(await remit(['export', 'last'])).toMatchObject({ exit: 0, out: lines.join(''), err: '' })
    const { exit, out } = await remit(['export', 'last', '--out', 'run.jsonl'])
    expect(exit).toBe(0)
    expect(out).toContain('verify --file run.jsonl')
    expect(await readFile(join(folder, 'run.jsonl'), 'utf8')).toBe(lines.join(''))
    expect((await stat(join(folder, 'run.jsonl'))).mode & 0o777).toBe(0o600)
  })

  test('leaves no half of a file where it fails, and names a folder that is not there', async () => {
    async function* broken() {
      yield* lines.slice(0, 1)
      throw new Error('the connection is gone')
    }
    const { exit, err } = await remit(['export', 'last', '--out', 'run.jsonl'], broken)
    expect({ exit, err }).toEqual({ exit: 1, err: 'remit: the connection is gone\n' })
    expect(await readdir(folder)).toEqual(['heads.pub'])
    expect(await remit(['export', 'last', '--out', 'nowhere/run.jsonl'])).toMatchObject({
      exit: 2,
      err: expect.stringContaining('cannot be written'),
    })
  })
})

describe('verify --file', () => {
  const check = async (texts: string[], ...more: string[]) => {
    await writeFile(join(folder, 'run.jsonl'), texts.join(''))
    return remit(['verify', '--file', 'run.jsonl', ...more])
  }

  test('passes a whole export and opens nothing; without the key it says what that does not prove', async () => {
    const known = await check(lines, '--key', 'heads.pub')
    expect(known).toMatchObject({ exit: 0, opened: 0, err: '' })
    expect(known.out).toContain(`✓ Run ${runId}\n  1 event, 0 payloads, 1 signed head: every hash is right`)
    expect(known.out).toContain('Signed with the key that you gave')
    expect((await check(lines)).out).toContain('Anybody can sign')
    expect(JSON.parse((await check(lines, '--json')).out)).toMatchObject({ ok: true, run_id: runId, problems: [] })
  })

  test('fails an altered one with the event that was, and one that was cut short', async () => {
    const altered = await check(lines.map((line) => line.replace('"what":"a"', '"what":"b"')))
    expect(altered.exit).toBe(1)
    expect(altered.out).toContain('✗ This export was altered')
    expect(altered.out).toContain('#1  the event was altered')
    const cut = await check(lines.slice(0, -1))
    expect({ exit: cut.exit, out: cut.out }).toEqual({ exit: 1, out: expect.stringContaining('cut short') })
  })

  test.each([
    ['a file that is not there', ['verify', '--file', 'nowhere'], 'cannot be read (ENOENT)'],
    ['a file that is none', ['verify', '--file', 'heads.pub'], 'is no export of a run'],
    ['a key that is none', ['verify', '--file', 'heads.pub', '--key', 'nowhere'], 'holds no public key'],
    ['a run as well', ['verify', 'last', '--file', 'heads.pub'], 'not both'],
    ['a key without a file', ['verify', '--key', 'heads.pub'], '--key goes with --file'],
  ])('refuses %s', async (_, argv, message) => {
    expect(await remit(argv)).toMatchObject({ exit: 2, opened: 0, err: expect.stringContaining(message) })
  })
})
