import type { DnsProvider } from '@/lib/domain/dns/providers'
import type { NameAnswer, NameOptions, NamesAct, NamesRead, ZoneAddress } from '@/lib/ports/names'
import type { ZoneSettings, ZoneSource } from '@/lib/ports/zones'
import { deadlineIn } from '../ssh/deadline'
import { checkZone } from './check'
import type { Provider } from './provider'
import { rfc2136 } from './rfc2136'
import { route53 } from './route53'
import { type Answered, askResolver, askServer } from './wire/query'
import { authoritativeOf, resolversOf } from './wire/servers'

/** Half of the time is for finding the servers; whatever is left is for their answers. */
const servedBy = async (
  zone: ZoneSettings,
  provider: Provider,
  name: string,
  { timeoutMs, signal }: NameOptions,
): Promise<NameAnswer[]> => {
  const deadline = deadlineIn(timeoutMs, signal)
  const { servers, unresolved } = await authoritativeOf(zone, deadlineIn(timeoutMs / 2, signal), provider.askPrimary)
  return [...unresolved, ...(await Promise.all(servers.map((server) => askServer(server, zone.address.name, name, deadline))))]
}

const providers: Record<DnsProvider, (zone: ZoneSettings) => Provider> = { rfc2136, route53 }

/** The provider, with its answer about name servers kept where asking is dear. */
const withDelegations = (provider: Provider, kept: Map<string, { until: number; answer: Answered }>): Provider => {
  const { delegation } = provider
  if (delegation === undefined) return provider
  const askPrimary: Provider['askPrimary'] = async (name, type, deadline) => {
    const known = kept.get(delegation.of)
    if (type === 'NS' && known && known.until > performance.now()) return known.answer
    const answer = await provider.askPrimary(name, type, deadline)
    if (type === 'NS') kept.set(delegation.of, { until: performance.now() + delegation.lifeMs, answer })
    return answer
  }
  return { ...provider, askPrimary }
}

/** Real DNS. `zoneOf` gives a zone with its secrets opened; they are held for one call. */
export const makeNames = (zoneOf: ZoneSource): { read: NamesRead; act: NamesAct } => {
  const delegations = new Map<string, { until: number; answer: Answered }>()
  const open = async ({ zoneId }: ZoneAddress) => {
    const zone = await zoneOf(zoneId)
    return { zone, provider: withDelegations(providers[zone.address.provider](zone), delegations) }
  }
  return {
    read: {
      current: async (address, name, options) => (await open(address)).provider.current(name, options),
      authoritative: async (address, name, options) => {
        const { zone, provider } = await open(address)
        return servedBy(zone, provider, name, options)
      },
      resolvers: async (address, name, options) => {
        const deadline = deadlineIn(options.timeoutMs, options.signal)
        const { zone } = await open(address)
        return Promise.all((await resolversOf(zone, deadline)).map((server) => askResolver(server, name, deadline)))
      },
      check: async (address, options) => {
        const { zone, provider } = await open(address)
        return checkZone(zone, provider, options)
      },
    },
    act: { replace: async (address, change, options) => (await open(address)).provider.replace(change, options) },
  }
}
