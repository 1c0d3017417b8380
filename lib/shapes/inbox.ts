/** What a person may say of the tokens of a host. */
export const hostTokenDecisions = ['accept', 'refuse', 'revoke'] as const
export type HostTokenDecision = (typeof hostTokenDecisions)[number]

/** A known host for which somebody with an enrolment key asked for a new token. */
export interface InboxToken {
  id: string
  hostname: string
  environmentName: string | null
  /** ISO time. */
  askedAt: string
  /** The address that asked. */
  from: string | null
  isRevoked: boolean
  /** ISO time of the last report under the former token. */
  seenAt: string | null
}

/** A host that waits for a person. */
export interface InboxHost {
  id: string
  hostname: string
  addresses: string[]
  agentVersion: string | null
  environmentId: string | null
  environmentName: string | null
  suggestion: string
  /** A registered server that has one of its addresses; null: none, or several. */
  suggestedServerId: string | null
  suggestedServerName: string | null
  /** ISO time of its last report; null: none yet. */
  seenAt: string | null
  /** ISO time. */
  createdAt: string
  /** Instances of it that wait as well. */
  instances: number
}

export interface InboxInstance {
  id: string
  hostId: string
  hostname: string
  /** Of its host; null: accept the host first. */
  serverId: string | null
  name: string
  port: number
  dataDirectory: string
  version: string | null
  state: string
  role: string
  systemIdentifier: string | null
  upstreamHost: string | null
  environmentId: string | null
  environmentName: string | null
  suggestedHerdId: string | null
  suggestedHerdName: string | null
  /** What the suggestion rests on; null: no herd is suggested. */
  suggestedBy: 'identifier' | 'upstream' | 'name' | null
  suggestion: string
  /** ISO time. */
  seenAt: string
}

/** A PgBouncer that runs on a registered server. */
export interface InboxPooler {
  id: string
  title: string
  serverId: string
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
  /** ISO time. */
  seenAt: string
}

/** What a cloud account sees that is no server's. */
export interface InboxMachine {
  id: string
  title: string
  kind: 'ec2' | 'rds'
  type: string
  zone: string
  state: string
  /** Ambiguous: several servers have its addresses. */
  tie: 'untied' | 'ambiguous'
  environmentId: string
  addresses: string[]
  herdByTags: string | null
}

export interface Inbox {
  tokens: InboxToken[]
  hosts: InboxHost[]
  instances: InboxInstance[]
  poolers: InboxPooler[]
  /** All that wait, also beyond the rows given here. */
  hostCount: number
  instanceCount: number
  poolerCount: number
  ignoredCount: number
}

/** What came of accepting several, each by itself. */
export interface Accepted<Done extends { id: string } = { id: string }> {
  accepted: Done[]
  refused: { id: string; because: string }[]
}
