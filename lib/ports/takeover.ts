import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

/** How a primary ended: its control file, read after its last record was written. */
export type ShutDown = {
  /** `shut down` */
  controlState: string
  /** Where the record of the shutdown checkpoint begins: the last one of this primary. */
  checkpointLsn: string
  timeline: number
}

/** The first commit of a new primary. */
export type FirstCommit = {
  lsn: string
  timeline: number
}

/** What is done while clients wait: few round trips over what is open already, each call everything its part needs. */
export interface TakeoverRead {
  /**
   * Opens what a stop will go through, so that nobody waits for it then, and answers when it is open. It changes nothing, and ends by itself at the deadline
   * or with the signal, which thus reach past the stop itself; a stop without it only takes longer.
   */
  readyToStop: (instance: InstanceAddress, options: CallOptions) => Promise<void>
  /**
   * Waits until the server has replayed past the record at `lsn`, and answers how far it is; one that is a primary by now has. Throws `sql.timeout` at the
   * deadline and `sql.unreachable` as soon as the server is gone.
   */
  untilReplayed: (instance: InstanceAddress, lsn: string, options: CallOptions) => Promise<string>
}

export interface TakeoverAct {
  /** Commits a record of no meaning on a primary, on its own disk, so that every WAL receiver has something to answer. Answers a position past it. */
  writeRecord: (instance: InstanceAddress, options: CallOptions) => Promise<string>
  /**
   * Stops a primary fast and makes it a standby the moment its control file says `shut down`: it answers once standby.signal (recovery.conf) is on the disk,
   * without waiting for the process to end. `onShutDown` is called a moment before, when its last record is written and it can only be fenced yet. An error on
   * a server that does not run. The shutdown continues past the deadline.
   */
  stopAsStandby: (instance: InstanceAddress, options: CallOptions & { onShutDown?: (end: ShutDown) => void }) => Promise<ShutDown>
  /**
   * Promotes a standby and answers once a transaction is on its own disk; it waits for no other server, whatever `synchronous_standby_names` says. One that
   * is a primary already only commits. Without `isOver` the promotion may still come.
   */
  promoteAndCommit: (instance: InstanceAddress, options: CallOptions) => Promise<FirstCommit>
}
