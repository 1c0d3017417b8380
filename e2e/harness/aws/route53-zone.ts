import { isIpv4, isIpv6, plainName } from '@/lib/domain/dns/records'

/** As Route 53 keeps it: the name with its last dot, values as they were written. */
export interface Rrset {
  name: string
  type: string
  ttl: number
  values: string[]
}
export interface Change {
  action: 'CREATE' | 'DELETE' | 'UPSERT'
  set: Rrset
}

const key = ({ name, type }: Pick<Rrset, 'name' | 'type'>) => `${name} ${type}`
const same = (a: Rrset, b: Rrset) => a.ttl === b.ttl && JSON.stringify([...a.values].sort()) === JSON.stringify([...b.values].sort())
const said = ({ name, type }: Rrset) => `[name='${name}', type='${type}']`

const valueFault = ({ type }: Rrset, value: string): string | null => {
  if (type === 'A' && !isIpv4(value))
    return `Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '${value}''`
  if (type === 'AAAA' && !isIpv6(value))
    return `Invalid Resource Record: 'FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with '${value}''`
  if (type === 'CNAME' && !/^[a-z0-9_*]([a-z0-9_.-]*[a-z0-9_])?\.?$/i.test(value))
    return `Invalid Resource Record: 'FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '${value}''`
  return null
}

const setFault = (zone: string, { action, set }: Change): string | null => {
  const { name, type, ttl, values } = set
  if (name !== zone && !name.endsWith(`.${zone}`)) return `RRSet with DNS name ${name} is not permitted in zone ${zone}`
  if (!['A', 'AAAA', 'CNAME', 'NS', 'SOA', 'TXT', 'MX', 'SRV', 'PTR'].includes(type)) return `Invalid resource record type ${type}`
  if (!Number.isInteger(ttl) || ttl < 0 || ttl > 2_147_483_647) return `Invalid TTL for ${said(set)}`
  if (values.length === 0) return `Missing field 'ResourceRecords' in Change with ${said(set)}`
  if (new Set(values).size !== values.length) return `Duplicate Resource Record: '${values[0]}'`
  if (type === 'CNAME' && values.length > 1) return `CNAME with more than one value for ${said(set)}`
  if (type === 'CNAME' && name === zone) return `RRSet of type CNAME with DNS name ${name} is not permitted at apex in zone ${zone}`
  if (action === 'DELETE' && name === zone && (type === 'NS' || type === 'SOA'))
    return `A HostedZone must contain ${type === 'SOA' ? 'exactly one SOA record.' : 'at least one NS record for the zone itself.'}`
  return values.map((value) => valueFault(set, value)).find((fault) => fault !== null) ?? null
}

/** The whole batch or nothing: the zone after it, or every fault of it as Route 53 words them. */
export const applyBatch = (
  zone: string,
  before: ReadonlyMap<string, Rrset>,
  changes: readonly Change[],
): { after: Map<string, Rrset> } | { faults: string[] } => {
  const after = new Map(before)
  const faults: string[] = []
  for (const change of changes) {
    const { action, set } = change
    const held = after.get(key(set))
    const fault = setFault(zone, change)
    if (fault !== null) faults.push(fault)
    else if (action === 'DELETE' && held === undefined) faults.push(`Tried to delete resource record set ${said(set)} but it was not found`)
    else if (action === 'DELETE' && !same(held!, set))
      faults.push(`Tried to delete resource record set ${said(set)} but the values provided do not match the current values`)
    else if (action === 'DELETE') after.delete(key(set))
    else if (action === 'CREATE' && held !== undefined)
      faults.push(`Tried to create resource record set ${said(set)} but it already exists`)
    else after.set(key(set), set)
  }
  for (const { action, set } of changes) {
    if (action === 'DELETE' || !after.has(key(set))) continue
    const rival = [...after.values()].find((one) => one.name === set.name && (one.type === 'CNAME') !== (set.type === 'CNAME'))
    if (rival)
      faults.push(
        `RRSet of type ${set.type} with DNS name ${set.name} is not permitted because a conflicting RRSet of type ${rival.type} with the same DNS name already exists in zone ${zone}`,
      )
  }
  return faults.length > 0 ? { faults } : { after }
}

/** Route 53 lists names from the last label to the first. */
export const listOrder = (a: Rrset, b: Rrset): number => {
  const [left, right] = [a, b].map(({ name, type }) => `${plainName(name).split('.').reverse().join('\u0001')}\u0000${type}`)
  return left! < right! ? -1 : 1
}
