import type { ZoneAddress } from './names'

export type TsigAlgorithm = 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512'

/** RFC 8945. `secret` is base64, as tsig-keygen writes it. */
export interface TsigKey {
  name: string
  algorithm: TsigAlgorithm
  secret: string
}

export interface Route53Settings {
  hostedZoneId: string
  region: string
  /** null: AWS's own. */
  endpoint: string | null
  /** null: what the machine has (profile, role, environment). */
  credentials: { accessKeyId: string; secretAccessKey: string } | null
}

/** Everything a zone needs to be read and changed, its secrets opened. Only the worker ever holds one, for one call. */
export interface ZoneSettings {
  address: ZoneAddress
  /** Hosts with or without a port; empty: those that the zone's NS records name. */
  authoritativeServers: readonly string[]
  /** The same; empty: the system's. */
  resolvers: readonly string[]
  /** The primary server; null: not given. */
  primary: { host: string; port: number } | null
  key: TsigKey | null
  allowUnsigned: boolean
  route53: Route53Settings | null
}

/** Throws `record.missing`. */
export type ZoneSource = (zoneId: string) => Promise<ZoneSettings>
