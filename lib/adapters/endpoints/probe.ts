import { isFault } from '@/lib/kernel/ground/errors'
import type { DbInstanceSeen, InstanceAddress, PostgresRead, Probe } from '@/lib/ports'
import type { EndpointSource } from '@/lib/ports/endpoints'
import { stateByRds } from './hosts'

/** How long what RDS said of an instance is believed for whom it replicates from. */
const believedMs = 120_000
/** The share of the time that the server itself gets; the rest is for asking RDS when it fails. */
const serverShare = 0.6

/**
 * A look at an instance whose host nobody reaches: through its server, and where that does not answer, what RDS says of it. A read replica streams from an
 * address inside AWS; its upstream is told by the endpoint of its source.
 */
export const endpointProbe = (probe: PostgresRead['probe'], source: EndpointSource): PostgresRead['probe'] => {
  const kept = new Map<string, { atMs: number; standing: DbInstanceSeen | null }>()
  const standingOf = async ({ host }: InstanceAddress, timeoutMs: number, signal?: AbortSignal): Promise<DbInstanceSeen | null> => {
    const standing = await source.standing(host, { timeoutMs, signal })
    kept.set(host.serverId, { atMs: performance.now(), standing })
    return standing
  }
  return async (instance, options) => {
    if (!instance.host.endpoint) return probe(instance, options)
    const { timeoutMs, signal } = options
    const seen = await probe(instance, { ...options, timeoutMs: timeoutMs * serverShare })
    const restMs = timeoutMs * (1 - serverShare)
    if (seen.state === 'online') {
      const last = kept.get(instance.host.serverId)
      const isFresh = last !== undefined && performance.now() - last.atMs < believedMs
      if (seen.role !== 'standby') return seen
      const standing = isFresh
        ? last.standing
        : await standingOf(instance, restMs, signal).catch(unlessAborted(signal, last?.standing ?? null))
      return standing === null ? seen : { ...seen, upstream: upstreamOf(seen, instance, standing) }
    }
    const standing = await standingOf(instance, restMs, signal).catch(unlessAborted(signal, null))
    if (standing === null) return seen
    const { hostFault: _host, ...rest } = seen
    const state = stateByRds(standing)
    const said = `RDS says that it is ${standing.status}.`
    if (state === null) return { ...seen, because: `${seen.because ?? ''} ${said}`.trim() }
    return { ...rest, state, because: said }
  }
}

const unlessAborted =
  <T>(signal: AbortSignal | undefined, otherwise: T) =>
  (error: unknown): T => {
    if (signal?.aborted || !isFault(error)) throw error
    return otherwise
  }

const upstreamOf = ({ upstream }: Probe, { host }: InstanceAddress, { source, instanceId, port }: DbInstanceSeen): Probe['upstream'] => {
  const own = `${instanceId}.`
  if (source === null || upstream === null || !host.address.startsWith(own)) return upstream
  return { ...upstream, host: `${source}.${host.address.slice(own.length)}`, port }
}
