import type { ConfigObject } from './patroni-config'

/** Programs and services beside Matriarch that decide which member of a herd is primary. */
export const managerKinds = ['patroni', 'repmgr', 'pg_auto_failover', 'pacemaker', 'rds'] as const
export type ManagerKind = (typeof managerKinds)[number]

export const managerNames: Readonly<Record<ManagerKind, string>> = {
  patroni: 'Patroni',
  repmgr: 'repmgr',
  pg_auto_failover: 'pg_auto_failover',
  pacemaker: 'Pacemaker',
  rds: 'Amazon RDS',
}

/** Who manages an instance, as lists show it. several: more than one, which is a fault. unknown: nobody has looked, or looking could not tell. */
export const managedBy = ['unknown', 'none', ...managerKinds, 'several'] as const
export type ManagedBy = (typeof managedBy)[number]

/** A member of a Patroni cluster as its REST API (`/cluster`) says. */
export interface ManagedMember {
  name: string
  role: string
  state: string
  host: string | null
  port: number | null
  timeline: number | null
  /** Bytes; null on the leader, and where it is not known. */
  lagBytes: number | null
  hasPendingRestart: boolean
  tags: Readonly<Record<string, string>>
}

/** A change of the leader as Patroni keeps it (`/history`). */
export interface LeaderChange {
  timeline: number
  lsn: string
  reason: string
  /** ISO time and the new leader; null in rows of old versions. */
  at: string | null
  leader: string | null
}

/** One that was found on a host. Observed, never configuration; no password is ever part of it. */
export interface FoundManager {
  kind: ManagerKind
  /** running: its process is there. stopped: a configuration names the data directory, and no process is there. trace: only a file in the data directory tells that it was. */
  state: 'running' | 'stopped' | 'trace'
  /** null: it could not be told, so it may be any of its host. */
  dataDirectory: string | null
  configPath: string | null
  /** false: its configuration may not be read by the SSH user. */
  isReadable: boolean
  /** Patroni's scope; the name of the cluster. */
  cluster: string | null
  /** Its name in that cluster. */
  member: string | null
  /** etcd3, etcd, consul, zookeeper, kubernetes, raft … */
  dcs: string | null
  /** Address of its REST API: `https://10.0.0.1:8008`. */
  api: string | null
  version: string | null
  /** Maintenance mode; null: it did not say. */
  isPaused: boolean | null
  /** As its REST API says; empty: it did not. */
  members: readonly ManagedMember[]
  history: readonly LeaderChange[]
}

/** What one look at a host found. `isWhole` false: processes of other users are hidden from the SSH user (hidepid), so that none was found means nothing. */
export interface ManagersSeen {
  isWhole: boolean
  managers: readonly FoundManager[]
  /** The dynamic configuration of each Patroni whose member leads, by the member's data directory; passwords in it are hidden. */
  configs?: readonly { dataDirectory: string; config: ConfigObject }[]
}

const trimmed = (path: string): string => path.replace(/\/+$/, '')

/** Those that look after the data directory, or may. */
export const managersOf = ({ managers }: ManagersSeen, dataDirectory: string): FoundManager[] =>
  managers.filter((one) => one.dataDirectory === null || trimmed(one.dataDirectory) === trimmed(dataDirectory))

/** Pacemaker looks after many things: without its list of resources it is not known whether PostgreSQL is one of them. */
export const isSure = ({ kind, isReadable }: FoundManager): boolean => kind !== 'pacemaker' || isReadable

/** One word for a list. What is only a trace does not manage anything. */
export const managedByOf = (seen: ManagersSeen | null, dataDirectory: string): ManagedBy => {
  if (seen === null) return 'unknown'
  const found = managersOf(seen, dataDirectory).filter(({ state }) => state !== 'trace')
  const kinds = [...new Set(found.filter(isSure).map(({ kind }) => kind))]
  if (kinds.length > 1) return 'several'
  if (kinds.length === 1) return kinds[0]!
  return seen.isWhole && found.length === 0 ? 'none' : 'unknown'
}
