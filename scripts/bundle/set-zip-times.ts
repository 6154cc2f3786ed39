const endOfDirectory = 0x06054b50
const directoryEntry = 0x02014b50
const localHeader = 0x04034b50
/** 1 January 1980, midnight: the earliest time that the format knows. */
const dosDate = 0x0021

/**
 * Sets the time of every file in a ZIP archive to one fixed time, in place, so that the same files give the same bytes.
 * The format: PKWARE's APPNOTE.TXT, 4.3.7 (local header), 4.3.12 (directory), 4.3.16 (its end). Throws on anything else.
 */
export function setZipTimes(archive: Uint8Array): void {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength)
  const end = endOf(view)
  const entries = view.getUint16(end + 10, true)
  let at = view.getUint32(end + 16, true)
  for (let entry = 0; entry < entries; entry++) {
    expect(view, at, directoryEntry)
    setTime(view, at + 12)
    const local = view.getUint32(at + 42, true)
    expect(view, local, localHeader)
    setTime(view, local + 10)
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
}

function setTime(view: DataView, at: number): void {
  view.setUint16(at, 0, true)
  view.setUint16(at + 2, dosDate, true)
}

/** The end of the directory stands at the end of the archive, before a comment. */
function endOf(view: DataView): number {
  for (let at = view.byteLength - 22; at >= 0; at--) if (view.getUint32(at, true) === endOfDirectory) return at
  throw new Error('not a ZIP archive: it has no directory')
}

function expect(view: DataView, at: number, signature: number): void {
  if (view.getUint32(at, true) !== signature) throw new Error(`not a ZIP archive: no header at byte ${at}`)
}
