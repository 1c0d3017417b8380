import type { HostAddress } from './addresses'
import type { CallOptions } from './postgres'

/**
 * A command that takes minutes to hours and outlives the connection and the worker that started it. It runs detached on the host, in a directory of its
 * own in the SSH user's state folder, which holds its process, its output and, once it has ended, its exit status. The next caller finds it there by
 * its key: letters, digits, dots and dashes, at most 100; others throw `input.invalid`.
 */
export interface HostWorkSeen {
  /** absent: never started here. lost: it was started, nothing of it is left and no exit status was written (it was killed, or the host went down). */
  state: 'absent' | 'running' | 'ended' | 'lost'
  /** 128 + the signal's number when a signal ended it; null: it has not ended, or nobody knows how. */
  exitCode: number | null
  /** ISO time, by the host's clock. */
  startedAt: string | null
  /** The end of what it wrote, both streams together, at most 4 KiB. */
  tail: string
}

export interface HostWorkRead {
  /** With `waitMs` (on top of the deadline) it answers as soon as work that runs has ended, or after so long. Throws `shell.*`. */
  look: (host: HostAddress, key: string, options: CallOptions & { waitMs?: number }) => Promise<HostWorkSeen>
}

/** Each throws `shell.*`, with `isOver: true` when the action is known to be over or never to have begun. */
export interface HostWorkAct {
  /** Returns once it runs. An error when work of that key is there already, whatever its state: two that launch at once start it once. */
  launch: (host: HostAddress, key: string, argv: readonly string[], options: CallOptions) => Promise<void>
  /** Ends it with all its children, politely and then by force, and proves that none is left. Nothing to end is no error. */
  end: (host: HostAddress, key: string, options: CallOptions) => Promise<void>
  /** Removes what is known of it. An error while it runs; nothing to forget is none. */
  forget: (host: HostAddress, key: string, options: CallOptions) => Promise<void>
}
