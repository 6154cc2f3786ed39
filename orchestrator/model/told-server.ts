import type { ToldTool } from './propose-tool.ts'

/** A resource of a server, or a template of many: then `uri` holds `{placeholders}`. */
export interface Resource {
  uri: string
  name: string
  description: string
  mimeType?: string
}

export interface Prompt {
  name: string
  description: string
  arguments: { name: string; required: boolean }[]
}

/** What a running server tells of itself. None of it is to be believed before a person has looked at it. */
export interface ToldServer {
  name: string
  version: string
  title?: string
  instructions?: string
  tools: ToldTool[]
  resources: Resource[]
  prompts: Prompt[]
}
