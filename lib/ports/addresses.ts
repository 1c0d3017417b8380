/** Everything needed to reach a host over SSH. */
export interface HostAddress {
  /** `''`: of a host that is not registered. */
  serverId: string
  environmentId: string
  hostname: string
  /** IP address or name to connect to. */
  address: string
  port: number
  user: string
  /** Pinned key as OpenSSH shows it: `SHA256:<base64 without padding>`; null: not pinned, so nothing may be run there. */
  hostKey: string | null
  /** A database endpoint, reached over TLS: there is no host to log in to, and `user` is a role of the server. Left out: a host that is reached over SSH. */
  endpoint?: { usesIamToken: boolean }
}

/** Where Debian's and PGDG's packages put sockets. */
export const packagedSockets = '/var/run/postgresql'

export type PlatformProfileName = 'debian' | 'generic' | 'debian-systemd' | 'generic-systemd' | 'rds'

/** Everything needed to operate one instance on a host. */
export interface InstanceAddress {
  instanceId: string
  herdId: string
  host: HostAddress
  /** Debian's cluster name, second argument of pg_ctlcluster. */
  clusterName: string
  /** Major version as Debian's tools and paths write it: `15`. Null: not known yet, look on the host. */
  major: string | null
  port: number
  dataDirectory: string
  socketDirectory: string
  profile: PlatformProfileName
  /** Where `pg_ctl` lives, for the generic profiles; null: the profile's default. */
  binDirectory: string | null
}
