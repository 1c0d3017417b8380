import type { StatementsLook } from '@/lib/domain/statements/statement'
import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

/** What pg_stat_statements counted on a running server. */
export interface StatementsRead {
  /** The statements that lead in time, calls, I/O, temporary blocks or WAL, in a session of its own with a statement timeout. Throws `shell.*`, `sql.*`. */
  look: (instance: InstanceAddress, options: CallOptions) => Promise<StatementsLook>
}
