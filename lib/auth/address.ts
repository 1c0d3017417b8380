import { isIP } from 'node:net'
import { env } from '@/lib/env'

/**
 * The address a request came from, for the audit log and the limits. Our own server appends the socket's peer to `X-Forwarded-For`, so the last
 * entry is true; behind N proxies (`TRUSTED_PROXIES`) the N last entries are those proxies'. Anything further left the client may have written.
 */
export const addressOf = (headers: Headers, trustedProxies = env().TRUSTED_PROXIES): string | null => {
  const entries = (headers.get('x-forwarded-for') ?? '').split(',').map(plain)
  const entry = entries.at(-1 - trustedProxies) ?? entries[0]
  return entry && isIP(entry) ? entry : null
}

/** `::ffff:192.0.2.1` is 192.0.2.1; a port is taken off. */
const plain = (entry: string): string =>
  entry
    .trim()
    .replace(/^::ffff:/i, '')
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')

/** Whom a limit counts behind an address: an IPv4 address itself, the /64 of an IPv6 one, since whoever has one of those has them all. */
export const networkOf = (address: string | null): string => {
  if (address === null || isIP(address) === 0) return 'unknown'
  if (isIP(address) === 4) return address
  const [head = '', tail] = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1).split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
  return `${groups.slice(0, 4).join(':')}::/64`
}
