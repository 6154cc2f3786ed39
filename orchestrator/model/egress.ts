/** What one request, or one connection, of a server's process moved over the network, or was refused to move. */
export interface EgressRecord {
  /** Environment variable of the manifest's endpoint; absent for a host of its `egress`. */
  endpoint?: string
  protocol: 'http' | 'postgres' | 'smtp' | 'tcp'
  /** `host:port`. */
  host: string
  method?: string
  /** Without its query, which may hold anything. */
  path?: string
  /** Of the HTTP answer; absent where none came. */
  status?: number
  /** Of bodies; of whole connections where requests cannot be told apart. */
  bytes_out: number
  bytes_in: number
  ms: number
  /** `exact` where this call was the only one in flight, so that nothing else can have caused it. */
  attribution: 'exact' | 'ambiguous'
  /** Why it was refused; nothing of it went out. A refused redirect was answered, and not followed. */
  denied?: string
  /** Stands for so many like it; bytes and time are their sums. */
  times?: number
}
