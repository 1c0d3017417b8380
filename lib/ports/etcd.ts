import type { EtcdSeen } from '@/lib/domain/managers/etcd'
import type { HostAddress } from './addresses'
import type { CallOptions } from './postgres'

/** The etcd that the Patroni of a data directory uses, asked by its own host with Patroni's login and certificates: none of them leaves the host. */
export interface EtcdPlace {
  host: HostAddress
  dataDirectory: string
}

export interface EtcdRead {
  /** A member that does not answer is part of the answer. Throws `shell.*`: `shell.failed` (`isOver`) where the etcd cannot be asked. */
  look: (place: EtcdPlace, options: CallOptions) => Promise<EtcdSeen>
  /** A snapshot in that file of the host; null: there is none. Throws `shell.*`. */
  snapshotAt: (place: EtcdPlace, path: string, options: CallOptions) => Promise<EtcdSnapshot | null>
}

export interface EtcdSnapshot {
  bytes: number
  /** Of its content, as etcd has appended it; it was compared. */
  sha256: string
}

/** Each throws `shell.*`, with `isOver: true` when it is known to be over or never to have begun. */
export interface EtcdAct {
  /** Forgets every revision of a key but its last. */
  compact: (place: EtcdPlace, revision: number, options: CallOptions) => Promise<void>
  /** The member gives unused space of its file back. It answers nobody meanwhile. */
  defragment: (place: EtcdPlace, memberId: string, options: CallOptions) => Promise<void>
  disarm: (place: EtcdPlace, alarm: { memberId: string; alarm: string }, options: CallOptions) => Promise<void>
  /** Into a file of the host, readable by the SSH user alone, whole or not at all. */
  snapshot: (place: EtcdPlace, path: string, options: CallOptions) => Promise<EtcdSnapshot>
}
