import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from '../../shared/json.ts'

/** One step from a leaf to the root: the other half, and on which side of ours it stands. */
export type PathStep = [side: 'left' | 'right', hash: string]

/**
 * The root, in hex, of the Merkle tree over values (RFC 9162, section 2.1, with SHA-256 over RFC 8785 JSON). A signature of
 * the root is one of every value, and one value can be shown to have been signed without showing the others.
 */
export function treeRoot(values: readonly Json[]): string {
  return rootOf(values.map(leafOf)).toString('hex')
}

/** What leads from the value at this index to the root. */
export function treePath(values: readonly Json[], index: number): PathStep[] {
  return pathOf(values.map(leafOf), index)
}

/** The root that a value and its path lead to. */
export function rootOfPath(value: Json, path: readonly PathStep[]): string {
  const root = path.reduce((node, [side, hex]) => {
    const other = Buffer.from(hex, 'hex')
    return side === 'left' ? nodeOf(other, node) : nodeOf(node, other)
  }, leafOf(value))
  return root.toString('hex')
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves
  if (leaves.length === 1 && only) return only
  const half = splitOf(leaves.length)
  return leaves.length === 0
    ? createHash('sha256').digest()
    : nodeOf(rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)))
}

function pathOf(leaves: readonly Buffer[], index: number): PathStep[] {
  if (leaves.length <= 1) return []
  const half = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, half), leaves.slice(half)]
  return index < half
    ? [...pathOf(left, index), ['right', rootOf(right).toString('hex')]]
    : [...pathOf(right, index - half), ['left', rootOf(left).toString('hex')]]
}

/** The greatest power of two below the number of leaves. */
function splitOf(leaves: number): number {
  return 2 ** (Math.ceil(Math.log2(leaves)) - 1)
}

function leafOf(value: Json): Buffer {
  return createHash('sha256').update('\0').update(canonicalJson(value)).digest()
}

function nodeOf(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update('\u0001').update(left).update(right).digest()
}
