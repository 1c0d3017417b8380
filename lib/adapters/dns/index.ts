import type { NameAnswer, NameOptions, NamesAct, NamesRead, ZoneAddress } from '@/lib/ports/names'
import type { ZoneSettings, ZoneSource } from '@/lib/ports/zones'
import { deadlineIn } from '../ssh/deadline'
import { checkZone } from './check'
import type { Provider } from './provider'
import { type Answered, askResolver, askServer } from './query'
import { rfc2136 } from './rfc2136'
import { route53 } from './route53'
import { authoritativeOf, resolversOf } from './servers'

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

/** A hosted zone keeps its name servers for life, and AWS answers five requests a second for a whole account: they are asked for once in this time. */
const delegationLifeMs = 10 * 60_000

/** The provider, with its answer about name servers kept where asking is dear. */
const withDelegations = (zone: ZoneSettings, provider: Provider, kept: Map<string, { until: number; answer: Answered }>): Provider => ({
  ...provider,
  askPrimary: async (name, type, deadline) => {
    const key = zone.route53?.hostedZoneId ?? ''
    const known = kept.get(key)
    if (type === 'NS' && known && known.until > performance.now()) return known.answer
    const answer = await provider.askPrimary(name, type, deadline)
    if (type === 'NS') kept.set(key, { until: performance.now() + delegationLifeMs, answer })
    return answer
  },
})

/** The world's names. `zoneOf` gives a zone with its secrets opened; they are held for one call. */
export const makeNames = (zoneOf: ZoneSource): { read: NamesRead; act: NamesAct } => {
  const delegations = new Map<string, { until: number; answer: Answered }>()
  const open = async ({ zoneId }: ZoneAddress) => {
    const zone = await zoneOf(zoneId)
    return { zone, provider: zone.address.provider === 'route53' ? withDelegations(zone, route53(zone), delegations) : rfc2136(zone) }
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
