import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'
import type { Following } from './replication'

export type RewindAnswer = { works: true } | { works: false; because: string }

/** What a server wrote past the fork at which another one left its history. */
export interface TailPlace {
  /** Where a copy of that WAL lies, or would: beside the data directory. One of the same fork that lacks something stays, and the next has another name. */
  path: string
  /** Nothing was written since that copy was made, and it is whole. Never of a server that runs. */
  isSaved: boolean
  /** The WAL from the fork on is still there; if not, its beginning was recycled. */
  hasStart: boolean
  /** Why no copy can be put there, in words; null: it can. */
  because: string | null
  freeBytes: number | null
}

/** What a saved tail holds. */
export interface TailSaved {
  path: string
  files: number
  bytes: number
  /** Its manifest names every file with its size and SHA-256. */
  manifest: string
}

export interface RewindsRead {
  /** Asks the source, from the instance's own host and user as pg_rewind would, whether its role may read what pg_rewind reads. Throws only when that host cannot be used. */
  tryRewind: (instance: InstanceAddress, source: Following, options: CallOptions) => Promise<RewindAnswer>
  /** Needs no running server. Throws `shell.*`. */
  tail: (instance: InstanceAddress, forkLsn: string, options: CallOptions) => Promise<TailPlace>
  /** null: there is none that is whole and holds all that was written. Throws `shell.*`. */
  savedTail: (instance: InstanceAddress, forkLsn: string, options: CallOptions) => Promise<TailSaved | null>
}

export interface RewindsAct {
  /**
   * Begins to copy the WAL of a stopped server from the fork on, of every timeline, with the history files and a manifest, as host work of `key`, and returns.
   * The directory has its name only once it is whole and on the disk. No error when one holds all of it already. Throws `shell.*`.
   */
  saveTail: (instance: InstanceAddress, forkLsn: string, key: string, options: CallOptions) => Promise<void>
}
