import { unitOf } from '@/lib/domain/stack/files'
import { directoryOf, portsOf, type StackPart } from '@/lib/domain/stack/stack'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import { type BuildFacts, type BuildHost, stackIn, wasThere } from './facts'

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
  stack === null || problems.length > 0 ? refuse(problems.join(' ')) : passBecause(`${stack.servers.length} servers.`)

export const areReached = ({ hosts, stack, declared }: BuildFacts): Verdict =>
  stack === null
    ? pass
    : verdictOf(
        each(hosts, ({ because }) =>
          because !== null && declared.isBuilt
            ? `${because} If it is lost, write another server in its place in the cluster file.`
            : because,
        ),
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
export const areBare = (facts: BuildFacts): Verdict => {
  const foreign = facts.hosts.map((host) => ({ host, parts: newParts(facts, host) })).filter(({ parts }) => parts.length > 0)
  if (facts.stack === null || foreign.length === 0) return passBecause('They hold this cluster already: only what differs is written.')
  const stack = stackIn(facts)
  return verdictOf(
    foreign.flatMap(({ host: { name, seen }, parts }) => {
      const units = parts.map((part) => unitOf[part])
      const directories = parts.map((part) => directoryOf(stack, part))
      const listeners = parts.flatMap((part) => portsOf(stack, part).map(([, port]) => port))
      const runs =
        seen?.units.filter((one) => one.isActive && units.includes(one.name)).map((one) => `${one.name} runs there already`) ?? []
      const holds =
        seen?.directories
          .filter(({ state, path }) => state === 'taken' && directories.includes(path))
          .map(({ path }) => `there are files in ${path}`) ?? []
      if (runs.length + holds.length > 0)
        return [`${name}: ${[...runs, ...holds].join(', ')}. Adopt that cluster, or clear the server first.`]
      const ports = seen?.listeners.filter((port) => listeners.includes(port)) ?? []
      const word = ports.length === 1 ? 'port' : 'ports'
      return ports.length === 0
        ? []
        : [`${name}: something listens on ${word} ${ports.join(', ')} already. Stop it, or give the cluster other ports.`]
    }),
    'No part of another cluster runs there.',
  )
}

/** Parts that are not known to be this cluster's. A host that holds its certificates is: those of an earlier build may differ from today's. */
const newParts = (facts: BuildFacts, { name, seen }: BuildHost): StackPart[] => {
  const parts = facts.stack?.servers.find((one) => one.name === name)?.parts ?? []
  if (seen === null || (seen.files.length > 0 && seen.files.every(({ state }) => state === 'same'))) return []
  const isKnown = seen.files.some(({ state }) => state !== 'absent')
  return parts.filter((part) => !isKnown || !wasThere(facts, name, part))
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
