import type { Stack } from '@/lib/domain/stack/stack'
import type { DeclaredStack } from '@/lib/ports/stacks'

/** What a stack's daemons left on one host. */
export interface MemoryStackHost {
  files: Map<string, { content: string; before: string | null }>
  programs: Set<string>
  units: Map<string, { isActive: boolean; isEnabled: boolean }>
  directories: Map<string, 'empty' | 'taken'>
  /** Ports that something else listens on. */
  listeners: Set<number>
  /** The certificate that each unit shows, as the file held it when it last read it. etcd reads it for each connection. */
  shown: Map<string, string>
  /** `ca.pem` as each unit last read it. */
  trusted: Map<string, string>
  whyNotRoot: string | null
  clockOffsetMs: number
}

export interface MemoryEtcdMember {
  id: string
  name: string
  peerUrl: string
  isLearner: boolean
}

export interface MemoryAuthorities {
  trusted: number[]
  coming: number | null
}

/** Declared clusters of a fleet in memory. Its daemons are as simple as their laws: etcd needs a quorum, Patroni needs etcd, others copy a leader. */
export interface MemoryStacks {
  declared: Map<string, DeclaredStack>
  /** As its cluster file says, by stack. */
  meant: Map<string, Stack>
  /** Generation of the secrets of a stack; a file written with another one differs. */
  keys: Map<string, number>
  /** Generation of certificates that a rotation has made and not ended with, by stack. */
  nextCertificates: Map<string, number>
  /** Authorities by number, the one that signs first; and one that signs nothing yet. By stack; without an entry it is number 0 alone. */
  authorities: Map<string, MemoryAuthorities>
  nextAuthorities: Map<string, MemoryAuthorities>
  /** Generation of certificates, by stack; 0 where none was rotated. */
  certificates: Map<string, number>
  /** The file that a build ended with, by stack. */
  built: Map<string, string>
  hosts: Map<string, MemoryStackHost>
  /** Members of etcd by cluster, in the order in which they came. */
  etcd: Map<string, MemoryEtcdMember[]>
  /** How many members were ever added to one. */
  etcdAdded: number
  /** Name of the leader, by cluster. */
  leaders: Map<string, string>
  /** Name of the one synchronous standby, by cluster: it stays as long as it streams. */
  synchronous: Map<string, string>
  /** Statements that were run, once each by their text. */
  ran: Set<string>
}

export const noStacks = (): MemoryStacks => ({
  declared: new Map(),
  meant: new Map(),
  keys: new Map(),
  nextCertificates: new Map(),
  certificates: new Map(),
  authorities: new Map(),
  nextAuthorities: new Map(),
  built: new Map(),
  hosts: new Map(),
  etcd: new Map(),
  etcdAdded: 0,
  leaders: new Map(),
  synchronous: new Map(),
  ran: new Set(),
})
