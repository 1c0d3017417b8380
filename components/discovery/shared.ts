/** A host that waits, as the inbox shows it. */
export interface WaitingHost {
  id: string
  hostname: string
  addresses: string[]
  agentVersion: string | null
  environmentId: string | null
  suggestion: string
  /** ISO time of its last report; null: none yet. */
  seenAt: string | null
  /** Instances of it that wait as well. */
  instances: number
}

export interface WaitingInstance {
  id: string
  hostname: string
  /** null: its host has to be accepted first. */
  serverId: string | null
  name: string
  port: number
  dataDirectory: string
  version: string | null
  state: string
  role: string
  environmentId: string | null
  suggestedHerdId: string | null
  suggestedHerdName: string | null
  suggestion: string
  seenAt: string
}

/** A PgBouncer that runs on a registered server. */
export interface WaitingPooler {
  id: string
  title: string
  environmentId: string
  /** null: it cannot be managed. */
  socketDirectory: string | null
  configPath: string
  poolMode: string
  authType: string
  databases: { name: string; host: string | null; port: number }[]
  suggestedHerdId: string | null
  suggestedHerdName: string | null
  suggestion: string
}

export interface Accepted {
  accepted: { id: string }[]
  refused: { id: string; because: string }[]
}
