import type { Activity, Signal, SignalTarget } from '@/lib/domain/activity/session'
import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

/** What the sessions of a running server do. */
export interface ActivityRead {
  /** One round trip. Throws `shell.*`, `sql.*`. */
  look: (instance: InstanceAddress, options: CallOptions) => Promise<Activity>
}

export interface ActivityAct {
  /**
   * Cancels what these sessions run (`pg_cancel_backend`), or ends them (`pg_terminate_backend`). One that has ended meanwhile is passed over, also
   * where its pid is another one's by now; so is one whose statement is another one by now, where the target names it. Returns when the signals are sent, which is before they have had their effect. Throws `shell.*`, `sql.*`.
   */
  signal: (instance: InstanceAddress, signal: Signal, targets: readonly SignalTarget[], options: CallOptions) => Promise<void>
}
