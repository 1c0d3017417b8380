import { sayAims } from './pgbouncer-ini'
import { notAsWritten } from './pooler-template'

/** A member of the pooler's herd as it was last seen. */
export interface PoolerMember {
  title: string
  hostname: string
  address: string
  port: number
  serverId: string
  isPrimary: boolean
  /** Seen lately, and accepting connections. */
  isOnline: boolean
}

export interface ShownDatabase {
  name: string
  host: string | null
  port: number
}

export type Follows = 'right' | 'stale' | 'unknown'

export interface FollowVerdict {
  follows: Follows
  because: string | null
  /** Where the primary is; null: no single member answers as one. */
  wanted: string | null
}

const loopbacks = new Set(['localhost', '127.0.0.1', '::1'])

const leadsTo = ({ host, port }: ShownDatabase, member: PoolerMember, serverId: string): boolean => {
  if (port !== member.port) return false
  const isLocal = host === null || host.startsWith('/') || loopbacks.has(host)
  if (isLocal) return member.serverId === serverId
  return [member.address, member.hostname].some((name) => name.toLowerCase() === host.toLowerCase())
}

/**
 * Whether a pooler leads to its herd's primary. One whose file the console writes must show exactly what the file is to say (`text`); of any other it is
 * enough that one database leads there, since others may be meant for standbys. A name that is no member's is left to DNS, and not judged.
 */
export const judgePooler = (
  pooler: { serverId: string; text: string | null },
  members: readonly PoolerMember[],
  shown: readonly ShownDatabase[],
): FollowVerdict => {
  const primaries = members.filter(({ isPrimary, isOnline }) => isPrimary && isOnline)
  const [primary] = primaries
  if (primary === undefined) return { follows: 'unknown', because: 'no member was lately seen as primary', wanted: null }
  if (primaries.length > 1)
    return { follows: 'unknown', because: `${primaries.map(({ title }) => title).join(' and ')} both answer as primary`, wanted: null }
  const wanted = sayAims([{ host: primary.address, port: primary.port }])
  if (pooler.text !== null) {
    const wrong = notAsWritten(pooler.text, shown)
    if (wrong.length === 0) return { follows: 'right', because: null, wanted }
    const say = ({ name, is }: (typeof wrong)[number]) => `${name} leads to ${is ? sayAims([is]) : 'nothing'}`
    return { follows: 'stale', because: wrong.map(say).join('; '), wanted }
  }
  if (shown.some((one) => leadsTo(one, primary, pooler.serverId))) return { follows: 'right', because: null, wanted }
  const astray = members.find((member) => shown.some((one) => leadsTo(one, member, pooler.serverId)))
  if (astray) return { follows: 'stale', because: `it leads to ${astray.title}, and its file is not managed by the console`, wanted }
  return { follows: 'unknown', because: 'it leads to no member that is registered', wanted }
}
