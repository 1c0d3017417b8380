import {
  type EtcdFound,
  keepEtcd,
  keepProxies,
  type PatroniHerd,
  type ProxiesFound,
  patroniHerds,
  proxyHosts,
} from '@/db/fleet/etcd-proxies'
import { isFault } from '@/lib/kernel/ground/errors'
import type { HostAddress, ReadPorts } from '@/lib/ports'
import type { Log } from '../queue/log'
import { repeatInOneWorker } from './in-one-worker'

const everyMs = 15_000
const leaseTtlMs = 60_000
const askTimeoutMs = 8_000
/** Hosts asked in the same moment. */
const asksMax = 16

type Ports = Pick<ReadPorts, 'etcd' | 'proxies' | 'now'>

/** Asks the etcd of every Patroni-managed herd and every HAProxy beside it about four times a minute, in one worker at a time. */
export const startEtcdObserver = ({ ports, holder, log }: { ports: Ports; holder: string; log: Log }): { stop: () => Promise<void> } =>
  repeatInOneWorker(
    {
      ...{ name: 'etcd and proxies', everyMs, leaseTtlMs },
      lease: 'etcd-observer',
      reason: 'asks every etcd and HAProxy of Patroni’s herds',
      work: (signal) => observeEtcd(ports, signal),
    },
    { holder, log },
  )

/** One round. */
export const observeEtcd = async (ports: Ports, signal: AbortSignal): Promise<void> => {
  const [herds, hosts] = await Promise.all([patroniHerds(), proxyHosts()])
  const etcds = await inTurns(herds, (herd) => lookAtEtcd(ports, herd, signal))
  const proxies = await inTurns(hosts, (host) => lookAtProxies(ports, host, signal))
  if (signal.aborted) return
  await keepEtcd(together(etcds), ports.now())
  await keepProxies(proxies, ports.now())
}

const inTurns = async <T, R>(all: readonly T[], look: (one: T) => Promise<R>): Promise<R[]> => {
  const found: R[] = []
  for (let from = 0; from < all.length; from += asksMax) found.push(...(await Promise.all(all.slice(from, from + asksMax).map(look))))
  return found
}

/** The first of its members' hosts that can ask it. */
const lookAtEtcd = async (ports: Ports, { id, name, environmentId, places }: PatroniHerd, signal: AbortSignal): Promise<EtcdFound> => {
  let because: string | null = null
  for (const place of places)
    try {
      const seen = await ports.etcd.look(place, { timeoutMs: askTimeoutMs, signal })
      return { environmentId, herds: [{ id, name }], seen, because: null }
    } catch (error) {
      if (!isFault(error)) throw error
      because ??= error.message
    }
  return { environmentId, herds: [{ id, name }], seen: null, because }
}

/** Several herds may use one etcd. */
const together = (found: readonly EtcdFound[]): EtcdFound[] => {
  const byCluster = new Map<string, EtcdFound>()
  for (const one of found) {
    const key = one.seen?.clusterId ? `${one.environmentId} ${one.seen.clusterId}` : `herd ${one.herds[0]!.id}`
    const other = byCluster.get(key)
    byCluster.set(key, other === undefined ? one : { ...other, herds: [...other.herds, ...one.herds] })
  }
  return [...byCluster.values()]
}

const lookAtProxies = async (ports: Ports, host: HostAddress, signal: AbortSignal): Promise<ProxiesFound> => {
  try {
    return { host, seen: await ports.proxies.look(host, { timeoutMs: askTimeoutMs, signal }), because: null }
  } catch (error) {
    if (!isFault(error)) throw error
    return { host, seen: null, because: error.message }
  }
}
