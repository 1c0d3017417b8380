/** A zone the console may change. Secrets are opened by the adapter, never carried here. */
export interface ZoneAddress {
  zoneId: string
  /** `db.example.com`, no trailing dot, lower case. */
  name: string
  provider: 'rfc2136' | 'route53'
}

export type RecordType = 'A' | 'AAAA' | 'CNAME'

/** What one name is. Values without trailing dots, sorted; empty: no such record set. */
export interface RecordSet {
  name: string
  type: RecordType
  values: string[]
  ttlSeconds: number
}

export interface NameAnswer {
  /** Host and port that was asked. */
  server: string
  isAuthoritative: boolean
  /** NOERROR, NXDOMAIN, REFUSED …; `timeout`, `unreachable` when there was no answer. */
  code: string
  /** The A, AAAA and CNAME record sets of the name, as answered. */
  records: RecordSet[]
  /** Serial of the zone there, where it could be read. */
  serial: number | null
}

export interface NamesRead {
  /** What the zone's source of truth holds for the name (the primary server, or the Route 53 API): at most one record set. Throws `dns.*`. */
  current: (zone: ZoneAddress, name: string, options: { timeoutMs: number; signal?: AbortSignal }) => Promise<RecordSet | null>
  /** Asks every authoritative server of the zone, all at once; one that does not answer is an answer that says so. */
  authoritative: (zone: ZoneAddress, name: string, options: { timeoutMs: number; signal?: AbortSignal }) => Promise<NameAnswer[]>
  /** Asks the resolvers that the zone names (or the system's), as clients do. */
  resolvers: (zone: ZoneAddress, name: string, options: { timeoutMs: number; signal?: AbortSignal }) => Promise<NameAnswer[]>
}

export interface NamesAct {
  /**
   * Replaces the record set of `name` by `next` (null: removes it), only if it is still `expected` (null: only if there is none), in one update. Throws
   * `dns.changed` when it was not, `dns.refused` with the response code, `dns.unreachable`, `dns.timeout` (it may still happen, unless `isOver`).
   */
  replace: (
    zone: ZoneAddress,
    name: string,
    expected: RecordSet | null,
    next: RecordSet | null,
    options: { timeoutMs: number; signal?: AbortSignal },
  ) => Promise<void>
}
