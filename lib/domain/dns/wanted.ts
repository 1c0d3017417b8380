import { type RecordSet, type RecordType, recordSet, valueFault } from './records'

/** What a name is to hold, as it was declared. */
export interface DeclaredName {
  /** The whole name: `orders.prod.db.example.com`. */
  title: string
  type: RecordType
  follows: 'primary' | 'standbys' | 'members'
  carries: 'address' | 'hostname'
  /** Put behind host names without a dot. */
  hostDomain: string
  ttlSeconds: number
}

/** A member of the herd that the name follows, as it is now. */
export interface NameTarget {
  title: string
  hostname: string
  address: string
  role: 'primary' | 'standby' | 'unknown'
  isOnline: boolean
}

export type Wanted = { records: RecordSet[] } | { because: string }

const roleWords = { primary: 'primary', standbys: 'standby', members: 'member' } as const

/** The records that a name should hold for these members; a sentence when that cannot be said. */
export const wantedRecords = (name: DeclaredName, members: readonly NameTarget[]): Wanted => {
  const online = members.filter(({ isOnline }) => isOnline)
  const chosen = online.filter(({ role }) => name.follows === 'members' || role === (name.follows === 'primary' ? 'primary' : 'standby'))
  if (chosen.length === 0)
    return { because: `no ${roleWords[name.follows]} of the herd is seen online, so what ${name.title} should be is not known` }
  if (chosen.length > 1 && name.follows === 'primary')
    return { because: `${chosen.map(({ title }) => title).join(' and ')} both are primaries: a name follows one` }
  if (chosen.length > 1 && name.type === 'CNAME') return { because: 'a CNAME points to one host only; use A or AAAA for several members' }
  return recordsFor(name, chosen)
}

/** The same for members that are chosen already: a candidate that is about to become the primary. */
export const recordsFor = (name: DeclaredName, chosen: readonly Pick<NameTarget, 'title' | 'hostname' | 'address'>[]): Wanted => {
  const values: string[] = []
  for (const { title, hostname, address } of chosen) {
    const value = name.carries === 'address' ? address : inDomain(hostname, name.hostDomain)
    const because = valueFault(name.type, value)
    if (because !== null) return { because: `${title}: ${because}, so it cannot stand in a record of type ${name.type}` }
    values.push(name.type === 'CNAME' ? inDomain(value, name.hostDomain) : value)
  }
  return { records: [recordSet(name.title, name.type, values, name.ttlSeconds)] }
}

const inDomain = (host: string, domain: string): string =>
  host.includes('.') || host.includes(':') || domain === '' ? host : `${host}.${domain}`
