import type { LogQuestion, LogSeen } from '@/lib/domain/server-log/entry'
import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

/** The log that a server writes, running or not, as it lies on its host. */
export interface ServerLogRead {
  /**
   * The end of it, or with words the messages that hold them, the latest 500 at most, passwords masked. Throws `shell.*`; `shell.failed` says where it was
   * looked for when no file was found, or that its form cannot be read.
   */
  look: (instance: InstanceAddress, question: LogQuestion, options: CallOptions) => Promise<LogSeen>
}
