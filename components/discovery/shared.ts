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

export interface Accepted {
  accepted: { id: string }[]
  refused: { id: string; because: string }[]
}
