/** Where a command is typed and read. The real one is {@link processTerminal}; tests bring their own. */
export interface Terminal {
  stdout(text: string): void
  stderr(text: string): void
  /** What is typed or piped in. */
  stdin: AsyncIterable<string | Uint8Array>
  /** True when stdout is a screen that can be drawn on again. */
  readonly isTTY: boolean
  readonly colors: boolean
  readonly columns: number
  /** The folder in which the person typed the command: what relative files are relative to. */
  folder: string
  /** Milliseconds since the epoch. */
  now(): number
  /** True when a person sits there who can be asked. */
  readonly canAsk: boolean
  /** Asks on stderr and returns the line that is typed; undefined where none comes, as after Ctrl-C, or where the signal aborts. */
  ask(question: string, signal?: AbortSignal): Promise<string | undefined>
  /** Opens a web page in the person's browser, and does not wait for it; false where there is none to be seen. */
  browse(url: string): boolean
  /** Tells of Ctrl-C and of a request to terminate, until `off` is called. */
  onInterrupt(listener: () => void): () => void
  /** Runs a program on this terminal. Returns its exit code, or undefined when there is no such program. */
  runProgram(name: string, args: string[], environment: Record<string, string>): Promise<number | undefined>
}
