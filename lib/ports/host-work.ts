import type { HostAddress } from './addresses'
import type { CallOptions } from './postgres'

/**
 * A command that takes minutes to hours and must outlive the connection and the worker that started it. It runs detached on the host, in a directory of its
 * own that holds its process id, its output and, once it has ended, its exit status. Whoever comes next finds it there by its key.
 */
export interface HostWorkSeen {
  /** absent: never started here. lost: it was started, no process is left and no exit status was written (the host went down). */
  state: 'absent' | 'running' | 'ended' | 'lost'
  exitCode: number | null
  startedAt: string | null
  /** The last lines it wrote, both streams together, at most 4 KiB. */
  tail: string
  /** Bytes under the paths that were asked for; null: none asked for, or not readable. */
  bytes: number | null
}

export interface HostWorkRead {
  /** Throws `shell.*`. */
  work: (host: HostAddress, key: string, options: CallOptions & { measure?: readonly string[] }) => Promise<HostWorkSeen>
}

export interface HostWorkAct {
  /** An error when work of that key is there already, whatever its state. `key` is letters, digits and dashes. */
  launch: (host: HostAddress, key: string, argv: readonly string[], options: CallOptions) => Promise<void>
  /** Ends it with all its children, and proves that none is left. Nothing to end is no error. */
  end: (host: HostAddress, key: string, options: CallOptions) => Promise<void>
  /** Removes its directory; an error while it runs. */
  forget: (host: HostAddress, key: string, options: CallOptions) => Promise<void>
}
