import type { NameAnswer, NameOptions, NamesAct, NamesRead, ZoneAddress } from '@/lib/ports/names'
import type { ZoneSettings, ZoneSource } from '@/lib/ports/zones'
import { type Deadline, deadlineIn } from './deadline'
import { checkZone } from './dns-check'
import type { Provider } from './dns-provider'
import { askResolver, askServer } from './dns-query'
import { rfc2136 } from './dns-rfc2136'
import { route53 } from './dns-route53'
import { authoritativeOf, resolversOf } from './dns-servers'

/** A part of the time is kept for the answers themselves: servers are looked up first. */
const servedBy = async (zone: ZoneSettings, provider: Provider, name: string, deadline: Deadline): Promise<NameAnswer[]> => {
  const { servers, unresolved } = await authoritativeOf(zone, deadline, (asked, type) => provider.askPrimary(asked, type, deadline))
  return [...unresolved, ...(await Promise.all(servers.map((server) => askServer(server, zone.address.name, name, deadline))))]
}

/** The world's names. `zoneOf` gives a zone with its secrets opened; they are held for one call. */
export const makeNames = (zoneOf: ZoneSource): { read: NamesRead; act: NamesAct } => {
  const open = async ({ zoneId }: ZoneAddress) => {
    const zone = await zoneOf(zoneId)
    return { zone, provider: providerOf(zone) }
  }
  const deadlineOf = ({ timeoutMs, signal }: NameOptions) => deadlineIn(timeoutMs, signal)
  return {
    read: {
      current: async (address, name, options) => (await open(address)).provider.current(name, options),
      authoritative: async (address, name, options) => {
        const deadline = deadlineOf(options)
        const { zone, provider } = await open(address)
        return servedBy(zone, provider, name, deadline)
      },
      resolvers: async (address, name, options) => {
        const deadline = deadlineOf(options)
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

const providerOf = (zone: ZoneSettings): Provider => (zone.address.provider === 'route53' ? route53(zone) : rfc2136(zone))
