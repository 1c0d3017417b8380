import { databaseHerds, type HerdPart, isOwnLine, partLines, renderPart } from './lines'
import { sayAims } from './pgbouncer-ini'
import { notAsWritten } from './template'

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

export const leadsTo = ({ host, port }: ShownDatabase, member: PoolerMember, serverId: string): boolean => {
  if (port !== member.port) return false
  const isLocal = host === null || host.startsWith('/') || loopbacks.has(host)
  if (isLocal) return member.serverId === serverId
  return [member.address, member.hostname].some((name) => name.toLowerCase() === host.toLowerCase())
}

/** Databases of a pooler that belong to a herd: their line in its template names the herd, or it names none and they point to a member. `part` null: the console does not write the file. */
export const databasesOf = <T extends ShownDatabase>(
  part: HerdPart | null,
  serverId: string,
  members: readonly PoolerMember[],
  shown: readonly T[],
): T[] => {
  const said = part === null ? new Map<string, string | null>() : databaseHerds(part)
  return shown.filter((one) => {
    const named = (said.has(one.name) ? said.get(one.name) : said.get('*')) ?? null
    return named === null ? members.some((member) => leadsTo(one, member, serverId)) : named === part?.herd
  })
}

/**
 * Whether a pooler points to a herd's primary. Where the console writes the file (`part`), it must show exactly what the file is to say of the herd; of any
 * other it is enough that one database points there, since others may be meant for standbys. A name that is no member's is left to DNS, and not judged.
 */
export const judgePooler = (
  pooler: { serverId: string; part: HerdPart | null },
  members: readonly PoolerMember[],
  shown: readonly ShownDatabase[],
): FollowVerdict => {
  const primaries = members.filter(({ isPrimary, isOnline }) => isPrimary && isOnline)
  const [primary] = primaries
  if (primary === undefined) return { follows: 'unknown', because: 'no member was lately seen as primary', wanted: null }
  if (primaries.length > 1)
    return { follows: 'unknown', because: `${primaries.map(({ title }) => title).join(' and ')} both answer as primary`, wanted: null }
  const wanted = sayAims([{ host: primary.address, port: primary.port }])
  const { part } = pooler
  if (part !== null && partLines(part).own.length > 0) {
    const text = renderPart(part, { host: primary.address, port: primary.port, hostname: primary.hostname })
    const wrong = notAsWritten(text, shown, isOwnLine(part))
    if (wrong.length === 0) return { follows: 'right', because: null, wanted }
    const say = ({ name, is }: (typeof wrong)[number]) => `${name} points to ${is ? sayAims([is]) : 'nothing'}`
    return { follows: 'stale', because: wrong.map(say).join('; '), wanted }
  }
  if (shown.some((one) => leadsTo(one, primary, pooler.serverId))) return { follows: 'right', because: null, wanted }
  const astray = members.find((member) => shown.some((one) => leadsTo(one, member, pooler.serverId)))
  if (astray)
    return {
      follows: 'stale',
      because: `it points to ${astray.title}, and ${part === null ? 'its file is not managed by the console' : 'its template does not name the herd'}`,
      wanted,
    }
  return { follows: 'unknown', because: 'it points to no registered member', wanted }
}
