import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { BuildFacts, BuildHost } from './facts'

/** etcd and certificates bear more; Patroni's ttl does not bear seconds. */
const skewMsMax = 1000

const each = (hosts: readonly BuildHost[], why: (host: BuildHost) => string | null): string[] =>
  hosts.flatMap((host) => {
    const because = why(host)
    return because === null ? [] : [`${host.name}: ${because}`]
  })

const verdictOf = (reasons: readonly string[], good: string): Verdict =>
  reasons.length === 0 ? passBecause(good) : refuse(reasons.join(' '))

export const canBeFollowed = ({ problems, stack }: BuildFacts): Verdict =>
  stack === null ? refuse(problems.join(' ')) : passBecause(`${stack.servers.length} servers.`)

export const areReached = ({ hosts, stack }: BuildFacts): Verdict =>
  stack === null
    ? pass
    : verdictOf(
        each(hosts, ({ because }) => because),
        `${hosts.map(({ name }) => name).join(', ')} answer.`,
      )

export const mayActAsRoot = ({ hosts }: BuildFacts): Verdict =>
  verdictOf(
    each(hosts, ({ seen }) =>
      seen?.whyNotRoot ? `${seen.whyNotRoot}. Let it use sudo without a password there, or register the server with root.` : null,
    ),
    'Files, packages and units are written as root.',
  )

export const clocksAgree = ({ hosts }: BuildFacts): Verdict => {
  const offsets = hosts.flatMap(({ name, seen }) => (seen === null || seen.whyNotRoot !== null ? [] : [{ name, ms: seen.clockOffsetMs }]))
  const [least, most] = [...offsets]
    .sort((a, b) => a.ms - b.ms)
    .flatMap((one, index, all) => (index === 0 || index === all.length - 1 ? [one] : []))
  if (least === undefined || most === undefined) return pass
  const apart = most.ms - least.ms
  return apart > skewMsMax
    ? refuse(
        `The clock of ${most.name} is ${(apart / 1000).toFixed(1)} s ahead of that of ${least.name}. Install chrony on both, and wait until they agree.`,
      )
    : passBecause('They are less than a second apart.')
}

/** Nothing that is not this cluster's is written over. */
export const areBare = ({ hosts, declared }: BuildFacts): Verdict => {
  if (declared.isBuilt) return passBecause('They hold this cluster already: only what differs is written.')
  return verdictOf(
    each(hosts, ({ seen }) => {
      const runs = seen?.units.filter(({ isActive }) => isActive).map(({ name }) => `${name} runs there already`) ?? []
      const holds = seen?.directories.filter(({ state }) => state === 'taken').map(({ path }) => `there are files in ${path}`) ?? []
      if (runs.length + holds.length > 0) return `${[...runs, ...holds].join(', ')}. Adopt that cluster, or clear the server first.`
      const ports = seen?.listeners ?? []
      return ports.length === 0
        ? null
        : `something listens on ${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')} already. Stop it, or give the cluster other ports.`
    }),
    'No part of another cluster runs there.',
  )
}

export const hasOwnName = ({ otherHerd, stack }: BuildFacts): Verdict =>
  otherHerd === null || stack === null
    ? pass
    : refuse(`The environment has a herd ${otherHerd} already: give the cluster another name in its file.`)

/** What is on the hosts beside the declaration is overwritten: somebody may have meant it. */
export const areAsDeclared = ({ declared, drift }: BuildFacts): Verdict => {
  if (!declared.isBuilt) return passBecause('They are not built yet.')
  if (drift.length === 0) return passBecause('Every file is as declared.')
  return warn(
    `${drift.map(({ server, path }) => `${path} of ${server}`).join(', ')} will be written as declared. The differences are shown above.`,
  )
}
