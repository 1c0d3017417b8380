/** Where clients of a launched herd connect. */
export interface LaunchedDoor {
  user: string | null
  database: string
  /** Of every member, the primary first. */
  hosts: { address: string; port: number }[]
}

/** A host name or address as it stands in an address line: IPv6 in brackets. */
export const inAddress = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** libpq tries the members in turn for the one that takes writes, so that it stays right after a move. No password is in it. null: no member. */
export const doorDsn = ({ user, database, hosts }: LaunchedDoor): string | null => {
  if (hosts.length === 0) return null
  const places = hosts.map(({ address, port }) => `${inAddress(address)}:${port}`).join(',')
  const before = user === null ? '' : `${encodeURIComponent(user)}@`
  return `postgresql://${before}${places}/${encodeURIComponent(database)}?sslmode=require&target_session_attrs=read-write`
}
