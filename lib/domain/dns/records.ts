export type RecordType = 'A' | 'AAAA' | 'CNAME'
export const recordTypes: readonly RecordType[] = ['A', 'AAAA', 'CNAME']

/** All records of one type at one name. Values without trailing dots, lower case, sorted. */
export interface RecordSet {
  name: string
  type: RecordType
  values: string[]
  ttlSeconds: number
}

/** Types that stand in each other's way at one name: an alias excludes addresses, and the other way round. */
export const rivalsOf = (type: RecordType): RecordType[] => (type === 'CNAME' ? [...recordTypes] : [type, 'CNAME'])

/** A DNS name as it is compared: lower case, no trailing dot. */
export const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '')

/** One way to write a value: names plain, IPv6 addresses compressed as RFC 5952 says. A text that is no address is left as it is. */
export const plainValue = (type: RecordType, value: string): string => {
  if (type !== 'AAAA') return plainName(value.trim())
  try {
    return new URL(`http://[${value.trim()}]/`).hostname.slice(1, -1)
  } catch {
    return value
  }
}

/** Values sorted, each once, in one way of writing. */
export const recordSet = (name: string, type: RecordType, values: readonly string[], ttlSeconds: number): RecordSet => ({
  name: plainName(name),
  type,
  values: [...new Set(values.map((value) => plainValue(type, value)))].sort(),
  ttlSeconds,
})

const keyOf = (sets: readonly RecordSet[], hasTtl: boolean): string =>
  JSON.stringify(
    sets
      .filter(({ values }) => values.length > 0)
      .map(({ type, values, ttlSeconds }) => [type, [...values].sort(), hasTtl ? ttlSeconds : 0])
      .sort(),
  )

/** The same records with the same lifetime; order does not count. */
export const sameRecords = (a: readonly RecordSet[], b: readonly RecordSet[]): boolean => keyOf(a, true) === keyOf(b, true)

/** The same whatever the lifetime: what a cache that counts down can be compared by. */
export const sameValues = (a: readonly RecordSet[], b: readonly RecordSet[]): boolean => keyOf(a, false) === keyOf(b, false)

/** `CNAME db1.example.com for 60 s`; `nothing`. */
export const sayRecords = (sets: readonly RecordSet[]): string =>
  sets.length === 0
    ? 'nothing'
    : sets.map(({ type, values, ttlSeconds }) => `${type} ${values.join(', ')} for ${ttlSeconds} s`).join(' and ')

/** Why a value cannot stand in a record of this type; null: it can. */
export const valueFault = (type: RecordType, value: string): string | null => {
  if (type === 'A') return isIpv4(value) ? null : `${value} is no IPv4 address`
  if (type === 'AAAA') return isIpv6(value) ? null : `${value} is no IPv6 address`
  return isIpv4(value) || isIpv6(value) ? `${value} is an address, and an alias needs a host name` : null
}

export const isIpv4 = (text: string): boolean => /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(text)

export const isIpv6 = (text: string): boolean => {
  if (!text.includes(':') || !/^[0-9a-f:.]+$/i.test(text)) return false
  try {
    return new URL(`http://[${text}]/`).hostname.length > 2
  } catch {
    return false
  }
}
