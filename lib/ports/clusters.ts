import type { HostAddress, InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

/** What a host has for a new cluster. */
export interface ServersInstalled {
  /** Major versions whose server programs are there, newest first. */
  majors: string[]
  /** Debian's pg_createcluster is there. */
  hasDebianTools: boolean
}

/** The place where a cluster shall come to be. */
export interface ClusterSite {
  /** absent: it would be made. taken: something lies in it. */
  directory: 'absent' | 'empty' | 'taken'
  /** Debian's configuration of a cluster of this version and name is there. */
  isConfigured: boolean
  /** What has the port: a process that listens, or a cluster configured for it; null: it is free. */
  portTakenBy: string | null
  /** Why nothing can be made there, in words; null: it can. */
  because: string | null
  /** On the file system that would hold it; null: not known. */
  freeBytes: number | null
  /** A creation of ours that was never handed over. */
  made: { key: string; isWhole: boolean } | null
}

export interface ClusterSpec {
  /** Its mark: letters, digits and dashes. Only what carries it is dropped again. */
  key: string
  hasChecksums: boolean
  encoding: string
  locale: string
  /** Set in postgresql.conf; the port is set besides. */
  settings: Record<string, string>
  /** Addresses as pg_hba.conf writes them that may connect with a password: `samenet`, `all`, `10.0.0.0/8`. */
  letsIn: string
}

export interface ClustersRead {
  /** Throws `shell.*`. */
  installed: (host: HostAddress, options: CallOptions & { binDirectory?: string | null }) => Promise<ServersInstalled>
  /** Throws `shell.*`. The address needs its major version. */
  look: (instance: InstanceAddress, options: CallOptions) => Promise<ClusterSite>
  /** What an act would run, for previews: pure, no call. */
  commands: {
    make: (instance: InstanceAddress, spec: ClusterSpec) => string[]
    drop: (instance: InstanceAddress) => string[]
  }
}

/** Each throws `shell.*`, with `isOver: true` when the action is known to be over or never to have begun. */
export interface ClustersAct {
  /**
   * Makes a cluster, set up and stopped. Whole already with that key is no error; a half-made one of that key is made again. An error when anything
   * else lies there, or while another creation is at work there.
   */
  make: (instance: InstanceAddress, spec: ClusterSpec, options: CallOptions) => Promise<void>
  /**
   * Gives data that lie there already their configuration, as that of a cluster made with this: Debian keeps it outside of them, so it went with the machine.
   * Set up and stopped. Configured already is no error; an error where no data of that major version lie, or a server runs on them.
   */
  adopt: (instance: InstanceAddress, spec: Omit<ClusterSpec, 'key'>, options: CallOptions) => Promise<void>
  /** Removes what carries the mark of that key: data, configuration, log. An error while a server runs there; nothing to drop is none. */
  drop: (instance: InstanceAddress, key: string, options: CallOptions) => Promise<void>
  /** Takes the mark away: from now on it is never dropped. No mark is no error. */
  handOver: (instance: InstanceAddress, options: CallOptions) => Promise<void>
  /**
   * Makes a role for replication on a running primary. Its password is made on the host and kept in the passfile there, which keeps what it has; it is
   * never seen here. A role that is there already is no error.
   */
  makeReplicator: (instance: InstanceAddress, role: string, options: CallOptions) => Promise<void>
  /** Copies the passfile of the host beside the data, readable to their owner alone, from where `adopt` takes it back on another host. No passfile is no error. */
  keepPassfile: (instance: InstanceAddress, options: CallOptions) => Promise<void>
  /** Puts the role's password from the passfile of one host into that of another, which keeps what it has. An error when there is none to give. */
  sharePassword: (from: HostAddress, to: HostAddress, role: string, options: CallOptions) => Promise<void>
}
