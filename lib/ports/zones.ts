import type { ZoneAddress } from './names'

export type TsigAlgorithm = 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512'

/** RFC 8945. `secret` is base64, as tsig-keygen writes it. */
export interface TsigKey {
  name: string
  algorithm: TsigAlgorithm
  secret: string
}

/** Everything a zone needs to be read and changed, its secrets opened. Only the worker ever holds one, for one call. */
export interface ZoneSettings {
  address: ZoneAddress
  /** Hosts with or without a port; empty: those that the zone's NS records name. */
  authoritativeServers: readonly string[]
  /** The same; empty: the system's. */
  resolvers: readonly string[]
  /** What its provider needs, by the names of the zone's fields that apply to this provider. What is not given is null. */
  settings: Readonly<Record<string, string | number | boolean | null>>
}

/** Throws `record.missing`. */
export type ZoneSource = (zoneId: string) => Promise<ZoneSettings>
