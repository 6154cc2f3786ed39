import type { Tool } from './catalogue.ts'

/** How a running server tells its tools, beside how they were reviewed. */
export interface ToolReview {
  server: string
  /** Tools that differ. */
  changed: ChangedTool[]
  /** Tools that nobody reviewed: they cannot be called. */
  others: string[]
}

export interface ChangedTool {
  tool: string
  /** What differs, in words. */
  why: string
  reviewed: ToolFace
  /** Absent where it is not offered, or cannot be accepted. */
  live?: ToolFace
}

/** What of a tool a running server can change. */
export type ToolFace = Pick<Tool, 'description' | 'input' | 'output' | 'annotations' | 'fingerprint'>
