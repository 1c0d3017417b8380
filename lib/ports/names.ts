import type { DnsProvider } from '@/lib/domain/dns/providers'
import type { RecordSet, RecordType } from '@/lib/domain/dns/records'
import type { CheckStep } from '@/lib/domain/values/check-step'

export type { RecordSet, RecordType }

/** A zone the console may change. Secrets are opened by the adapter, never carried here. */
export interface ZoneAddress {
  zoneId: string
  /** `db.example.com`, no trailing dot, lower case. */
  name: string
  provider: DnsProvider
}

export interface NameAnswer {
  /** Name and address that was asked: `ns1.example.com (198.18.0.53)`. */
  server: string
  isAuthoritative: boolean
  /** NOERROR, NXDOMAIN, REFUSED …; `timeout`, `unreachable` when there was no answer. */
  code: string
  /** The A, AAAA and CNAME record sets, as answered; of a resolver also those that an alias points to. */
  records: RecordSet[]
  /** Serial of the zone there, where it could be read. */
  serial: number | null
}

/** What is to be changed at one name, and under which condition. */
export interface NameChange {
  name: string
  /** The types it is about: of these, the name must hold exactly `expected` before and holds exactly `next` after. Others are left alone. */
  types: RecordType[]
  /** Compared without the lifetime where the provider cannot compare it. */
  expected: RecordSet[]
  next: RecordSet[]
}

export type ZoneCheckStep = CheckStep<'primary' | 'zone' | 'key' | 'authoritative' | 'resolvers'>

export interface NameOptions {
  timeoutMs: number
  signal?: AbortSignal
}

export interface NamesRead {
  /** The A, AAAA and CNAME record sets that the source of truth (the primary server, or the Route 53 API) holds at the name. Throws `dns.*`. */
  current: (zone: ZoneAddress, name: string, options: NameOptions) => Promise<RecordSet[]>
  /** Asks every authoritative server of the zone, all at once; one that does not answer is an answer that says so. Throws `dns.*` when none can be named. */
  authoritative: (zone: ZoneAddress, name: string, options: NameOptions) => Promise<NameAnswer[]>
  /** Asks the resolvers that the zone names (or the system's), as clients do. Never throws for a resolver that does not answer. */
  resolvers: (zone: ZoneAddress, name: string, options: NameOptions) => Promise<NameAnswer[]>
  /** The step-by-step check of a zone: changes nothing, and never throws for a bad zone. */
  check: (zone: ZoneAddress, options: NameOptions & { onStep?: (step: ZoneCheckStep) => void }) => Promise<ZoneCheckStep[]>
}

export interface NamesAct {
  /**
   * One update under one condition. Throws `dns.changed` when the name holds something else than expected, `dns.refused` with the response code,
   * `dns.unreachable` (nothing was sent), `dns.timeout` and `dns.untrusted` (it may have happened).
   */
  replace: (zone: ZoneAddress, change: NameChange, options: NameOptions) => Promise<void>
}
