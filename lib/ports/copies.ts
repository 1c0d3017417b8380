import type { InstanceAddress } from './addresses'
import type { BackupsAct, BackupsRead } from './backups'
import type { InPlaceAct, InPlaceRead } from './in-place'
import type { CallOptions } from './postgres'
import type { Following } from './replication'
import type { RewindsAct, RewindsRead } from './rewinds'

/** A directory that a cluster, or a copy of one, lies in. */
export interface DataPlace {
  what: 'data' | 'wal' | 'tablespace'
  /** As the link says. */
  path: string
  /** Two places of one device share their free space. null: it is not there, or not readable. */
  device: string | null
  freeBytes: number | null
  /** Of its file system, used or not. */
  totalBytes: number | null
  /** Without the other places; null: not measured. */
  bytes: number | null
  /** Why a copy cannot be put beside it, in words; null: it can. */
  because: string | null
}

/** What a copy or a rewind meets. Needs no running server. */
export interface CopySight {
  /** The data directory first, then pg_wal where it is a symbolic link, then the tablespaces. */
  places: DataPlace[]
  /** Names of what lies in the data directory itself and is the host's own: configuration files, certificates, keys. */
  configuration: string[]
  copy: CopySeen
}

/** What there is of a copy of ours beside a data directory. */
export interface CopySeen {
  /**
   * none: nothing. unfinished: begun; the host work of its key says whether it goes on. whole: all there and on the disk. half: a swap or a putting back
   * was broken off, and nothing can start until it is repeated. swapped: it is in its place, the old one is aside.
   */
  stage: 'none' | 'unfinished' | 'whole' | 'half' | 'swapped'
  /** The key it was begun with. */
  key: string | null
  /** Of the copy so far, all places together, less its WAL; measured with `withSizes`. */
  bytes: number | null
  /** Every directory of ours, for a person to find. */
  paths: string[]
  /** Configuration lies aside for a rewind that has not come to its end: beginning it again puts it back. */
  isRewinding: boolean
  /** rsync was at work in the data directory under that key and has not come to its end: beginning it again completes it. null: none was. */
  inPlaceKey: string | null
}

/** A base backup of `source`, to lie beside the data directory until it is swapped in. */
export interface CopySpec {
  /** Of the host work that makes it, and the mark that the copy carries. */
  key: string
  /** Its slot, which must be there, retains the WAL while the copy runs; null: none. */
  source: Following
  /** Kilobytes (1024) a second, 32 to 1048576 (pg_basebackup's own bounds); null: as fast as it goes. */
  rateKbMax: number | null
  /** The source's tablespaces, of its `dataDirectory`. A target that has one of the same oid keeps it where it lies. */
  tablespaces: { oid: string; location: string }[]
}

export interface CopiesRead extends RewindsRead, InPlaceRead, BackupsRead {
  /** `withSizes` also measures the places and the copy, which takes long on big ones. Throws only `shell.*`. */
  look: (instance: InstanceAddress, options: CallOptions & { withSizes?: boolean }) => Promise<CopySight>
  /** Files of `configuration` that are text, without passwords, each at most 64 KiB. Throws `shell.*`. */
  configuration: (instance: InstanceAddress, options: CallOptions) => Promise<{ name: string; text: string }[]>
  /** What an act would run, for previews: pure, no call. */
  commands: {
    start: (instance: InstanceAddress, spec: CopySpec) => string[]
    rewind: (instance: InstanceAddress, source: Following) => string[]
    inPlace: (instance: InstanceAddress) => string[]
    swapIn: (instance: InstanceAddress) => string[]
    remove: (instance: InstanceAddress, options: { keep?: boolean }) => string[]
  }
}

/** Each throws `shell.*`, with `isOver: true` when the action is known to be over or never to have begun. */
export interface CopiesAct extends RewindsAct, InPlaceAct, BackupsAct {
  /**
   * Begins a base backup beside the data directory, as host work of the spec's key, and returns. The copy keeps the configuration of the old directory
   * and leaves the source's out (where there was no old one, it keeps the source's). The address needs its major version. An error when a copy of ours is
   * there already, or work of that key.
   */
  start: (instance: InstanceAddress, spec: CopySpec, options: CallOptions) => Promise<void>
  /**
   * Begins pg_rewind of a cleanly stopped server, in place, as host work of `key`, and returns. `source` must have made a checkpoint on its own timeline.
   * Configuration in the data directory stays as it was, but for the upstream: the files say that it is a standby of `source`, whatever the source's say.
   * From its first change to that end the server cannot start. One that was broken off is begun again, unless its host went down meanwhile. An error
   * when another rewind is at work there, or work of that key is, or when the connection string that it has holds a password.
   */
  rewind: (instance: InstanceAddress, source: Following, key: string, options: CallOptions) => Promise<void>
  /**
   * Puts the whole copy of that key in the place of the old directory, and the old one aside: entry by entry, so that the directories themselves, their
   * owners, modes and links stay. PG_VERSION leaves first and comes last, so that nothing half swapped can start. Repeated after a crash at any
   * point it completes; done already is no error. An error when a server runs there, or the copy is not whole.
   */
  swapIn: (instance: InstanceAddress, key: string, options: CallOptions) => Promise<void>
  /** Undoes `swapIn`, also a half-done one. Nothing to undo is no error. */
  putBack: (instance: InstanceAddress, key: string, options: CallOptions) => Promise<void>
  /**
   * Removes what lies aside, and only what carries our mark of that key: the copy before it is swapped in, the old directory after. `keep`: the
   * old one stays under a name of its own, which `look` no longer knows. An error half way, or while its work runs. Nothing there is no error.
   */
  remove: (instance: InstanceAddress, key: string, options: CallOptions & { keep?: boolean }) => Promise<void>
}
