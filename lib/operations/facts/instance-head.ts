import { formatBytes } from '@/lib/domain/values/bytes'
import { lagBytes } from '@/lib/domain/values/lsn'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { About } from '@/lib/kernel/operation/operation'
import type { Interrupted } from '@/lib/kernel/operation/own-database'
import type { HerdFacts, InstanceFacts } from './instance'

export const aboutInstance = ({ instance }: InstanceFacts): About => ({
  title: instance.title,
  environmentId: instance.environmentId,
  herdId: instance.herdId,
  serverId: instance.serverId,
})

/** Who it is and in what state: not what moves while it runs (positions, clients, lag). */
export const firmInstance = ({ instance, probe }: InstanceFacts): JsonObject => ({
  address: instance.address,
  commands: instance.commands,
  state: probe.state,
  role: probe.role,
  systemIdentifier: probe.systemIdentifier,
  timeline: probe.timeline,
  hasStandbySignal: probe.hasStandbySignal,
})

/** It goes down, or is replaced. */
export const interruptsIt = ({ instance, probe }: InstanceFacts): Interrupted[] => [{ place: instance, probe }]

/** One mutating job per herd. */
export const lockHerd = ({ instance }: InstanceFacts): string[] => [`herd:${instance.herdId}`]

/** Standbys first, so that a herd never loses its primary before what could replace it is known to be well. */
export const standbysFirst = ({ probe }: InstanceFacts): number => (probe.role === 'primary' ? 1 : 0)

export const instanceNow = ({ probe }: InstanceFacts): { label: string; value: string }[] => {
  const pairs: [string, string | null][] = [
    ['State', probe.because === null ? probe.state : `${probe.state}: ${probe.because}`],
    ['Role', probe.role === 'unknown' ? null : probe.role],
    ['Version', probe.version],
    ['Timeline', probe.timeline === null ? null : String(probe.timeline)],
    ['Running since', probe.postmasterStartedAt],
    ['Clients', probe.clients === null ? null : `${probe.clients}${probe.maxConnections === null ? '' : ` of ${probe.maxConnections}`}`],
    ['Standbys', probe.state === 'online' ? standbysText(probe) : null],
  ]
  return pairs.flatMap(([label, value]) => (value === null ? [] : [{ label, value }]))
}

const standbysText = ({ standbys }: InstanceFacts['probe']): string =>
  standbys.length === 0
    ? 'none'
    : standbys
        .map(
          (one) =>
            `${one.applicationName} (${one.state}, ${one.lagBytes === null ? 'lag unknown' : `${formatBytes(one.lagBytes)} behind`})`,
        )
        .join(', ')

export const herdNow = (facts: HerdFacts): { label: string; value: string }[] => {
  const { probe, others } = facts
  const rows = instanceNow(facts)
  if (probe.role === 'standby') {
    const { upstream } = probe
    rows.push({
      label: 'Upstream',
      value: upstream?.host
        ? `${upstream.host}:${upstream.port ?? 5432} (${upstream.status ?? 'not streaming'})`
        : 'none: it receives no WAL',
    })
    const toReplay = lagBytes(probe.replayedLsn, probe.receivedLsn)
    if (toReplay !== null) rows.push({ label: 'To replay', value: formatBytes(toReplay) })
  }
  if (others.length > 0)
    rows.push({
      label: 'Herd',
      value: others.map((one) => `${one.title}: ${one.role === 'unknown' ? one.state : `${one.role}, ${one.state}`}`).join('; '),
    })
  return rows
}
