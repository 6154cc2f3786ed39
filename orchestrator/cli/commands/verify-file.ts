import { createPublicKey, type KeyObject } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { ExportError, type ExportVerification, verifyExport } from '../../record/verify-export.ts'
import { InputError } from '../remit.ts'
import { count } from '../text/count.ts'
import { bad, doubtful, good, heading, type Line, name, paragraph } from '../text/line.ts'

/** Checks an export without a record or a home. Files are relative to the folder of the person. */
export async function checkExportFile(
  file: string,
  keyFile: string | undefined,
  folder: string,
): Promise<ExportVerification> {
  const trusted = keyFile === undefined ? undefined : await readPublicKey(resolve(folder, keyFile))
  const path = resolve(folder, file)
  const input = createReadStream(path, 'utf8')
  try {
    return await verifyExport(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }), trusted)
  } catch (error) {
    if (error instanceof ExportError) throw new InputError(`${path} is no export of a run: ${error.message}`)
    const { code } = error as NodeJS.ErrnoException
    if (code !== undefined && /^E[A-Z]+$/.test(code)) throw new InputError(`${path} cannot be read (${code})`)
    throw error
  } finally {
    input.destroy()
  }
}

async function readPublicKey(path: string): Promise<KeyObject> {
  try {
    return createPublicKey(await readFile(path, 'utf8'))
  } catch (error) {
    const { message } = error as Error
    throw new InputError(`${path} holds no public key (${message}); give keys/heads.pub of the REMIT_HOME it came from`)
  }
}

/** What was found, for people. */
export function exportLines(
  { run_id, events, payloads, signed_heads, key, problems }: ExportVerification,
  keyFile: string | undefined,
  columns: number,
): Line[] {
  const checked = `${count(events, 'event')}, ${count(payloads, 'payload')}, ${count(signed_heads, 'signed head')}`
  if (problems.length > 0) {
    return [
      [bad('✗'), ' ', heading('This export was altered'), ` (${checked} checked)`],
      ...problems.flatMap(({ seq, what }) =>
        paragraph(['  ', name(seq === null ? 'file' : `#${seq}`), '  '], what, columns),
      ),
    ]
  }
  const whose =
    keyFile === undefined
      ? [
          [doubtful('!'), ` Signed with the key ${key}.`],
          ...paragraph(
            ['  '],
            'Anybody can sign with a key of their own: compare it with keys/heads.pub of the REMIT_HOME it came from, or give that file by --key.',
            columns,
          ),
        ]
      : [[`  Signed with the key that you gave, ${key.slice(0, 16)}….`]]
  return [
    [good('✓'), ' Run ', name(run_id)],
    [`  ${checked}: every hash is right, the chain is whole, and signatures cover all of it.`],
    ...whose,
  ]
}
