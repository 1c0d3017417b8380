import type { HostAddress } from './addresses'
import type { CallOptions } from './postgres'
import type { DbFigures, DbInstanceSeen } from './rds'

/** What is known of a database endpoint beside what its server says: how to log in, and what its cloud tells. */
export interface EndpointSource {
  /** Certificates of the authorities that endpoints are trusted by, PEM; null: those that every program trusts. */
  ca: string | null
  /** A password, or a token of AWS that is good for minutes. Throws `sql.unreachable` with the field that is missing, `cloud.*` and `database.down`. */
  password: (host: HostAddress, port: number) => Promise<string>
  /** As RDS says now; null: no DB instance of a cloud account is tied to that server. Throws `cloud.*` and `database.down`. */
  standing: (host: HostAddress, options: CallOptions) => Promise<DbInstanceSeen | null>
  /** null: as `standing`. */
  figures: (host: HostAddress, options: CallOptions) => Promise<DbFigures | null>
}
