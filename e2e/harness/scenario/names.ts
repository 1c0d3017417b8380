import { operationByName, operations } from '@/lib/operations'
import { parseTopology } from '@/lib/playground/fleet/fleet'
import type { Expectation, ScenarioFleet, Step, StepOf } from './words'

/** A name that is used and that nothing has. `path`: where it stands in the file. */
export interface NameFault {
  path: PropertyKey[]
  because: string
}

/** A fault at this key of the step; null: none. */
type Found = { at: PropertyKey[]; because: string | null }

interface Names {
  herds: string[]
  /** Hosts of instances, and hosts of poolers. */
  members: string[]
  poolers: string[]
  hosts: string[]
  /** Hosts that have a small volume of this kind. */
  volumes: Record<'data' | 'wal', string[]>
  /** What was ordered before this step. */
  orders: string[]
}

export const fleetFaults = (fleet: ScenarioFleet): NameFault[] => {
  const faults: NameFault[] = []
  for (const [name, { members }] of Object.entries(fleet.herds))
    try {
      parseTopology(members)
    } catch (error) {
      faults.push({ path: ['fleet', 'herds', name], because: (error as Error).message })
    }
  for (const [name, { members, settings }] of Object.entries(fleet.herds))
    for (const host of Object.keys(settings)) {
      const because = oneOf('member on', host, hostsIn(members))
      if (because !== null) faults.push({ path: ['fleet', 'herds', name], because: `settings: ${because}` })
    }
  const all = Object.values(fleet.herds).flatMap(({ members }) => hostsIn(members))
  for (const host of Object.keys(fleet.volumes)) {
    const because = oneOf('member on', host, all)
    if (because !== null) faults.push({ path: ['fleet', 'volumes', host], because: `volumes: ${because}` })
  }
  for (const [host, { herd, also }] of Object.entries(fleet.poolers))
    for (const wanted of [herd, ...Object.values(also).map((one) => one.herd)]) {
      const because = oneOf('herd', wanted, Object.keys(fleet.herds))
      if (because !== null) faults.push({ path: ['fleet', 'poolers', host], because: `the pooler on ${host}: ${because}` })
    }
  return faults
}

/** None where the topology is a fault itself. */
const hostsIn = (members: string): string[] => {
  try {
    return parseTopology(members).map(({ host }) => host)
  } catch {
    return []
  }
}

export const stepFaults = (steps: readonly Step[], fleet: ScenarioFleet): NameFault[] => {
  const members = Object.values(fleet.herds).flatMap((one) => parseTopology(one.members).map(({ host }) => host))
  const poolers = Object.keys(fleet.poolers)
  const withVolume = (name: 'data' | 'wal') => Object.keys(fleet.volumes).filter((host) => fleet.volumes[host]![name] !== undefined)
  const names: Names = {
    herds: Object.keys(fleet.herds),
    members,
    poolers,
    hosts: [...new Set([...members, ...poolers])],
    volumes: { data: withVolume('data'), wal: withVolume('wal') },
    orders: [],
  }
  return steps.flatMap((step, index) => {
    const faults = faultsOf(step, names).flatMap(({ at, because }) =>
      because === null ? [] : [{ path: ['steps', index, ...at], because: `${step.verb}: ${because}` }],
    )
    if (step.verb === 'order') names.orders.push(step.words.as ?? step.words.order)
    return faults
  })
}

const oneOf = (what: string, wanted: string, all: readonly string[]): string | null =>
  all.includes(wanted) ? null : `there is no ${what} ${wanted}; known: ${all.join(', ') || 'none'}.`

const namesAt = (at: PropertyKey[], what: string, wanted: string | readonly string[] | undefined, all: readonly string[]): Found[] =>
  (wanted === undefined ? [] : [wanted].flat()).map((one) => ({ at, because: oneOf(what, one, all) }))

const herdAt = (at: PropertyKey[], herd: string | undefined, { herds }: Names): Found[] => {
  if (herd !== undefined) return namesAt(at, 'herd', herd, herds)
  return [{ at: [], because: herds.length === 1 ? null : `there are several herds: say which one with “herd: ${herds[0]}”.` }]
}

const faultsOf = ({ verb, words }: Step, names: Names): Found[] => {
  const host = (at: PropertyKey[], wanted: string | readonly string[] | undefined) => namesAt(at, 'host', wanted, names.hosts)
  switch (verb) {
    case 'load':
      return [...herdAt(['herd'], words.herd, names), ...throughFaults(words.through, names)]
    case 'open transaction':
      return [...herdAt(['herd'], words.herd, names), ...namesAt(['through'], 'pooler on', words.through, names.poolers)]
    case 'sql':
      return [...herdAt(['herd'], words.herd, names), ...namesAt(['on'], 'member on', words.on, names.members)]
    case 'run':
      return [...host(['on'], words.on), ...(words.herd === undefined ? [] : namesAt(['herd'], 'herd', words.herd, names.herds))]
    case 'fill':
      return namesAt(['on'], `small ${words.fill} volume on`, words.on, names.volumes[words.fill])
    case 'free':
      return namesAt(['on'], `small ${words.free} volume on`, words.on, names.volumes[words.free])
    case 'skew':
      return [
        ...host([verb], words.skew),
        {
          at: [],
          because: (words.ahead === undefined) === (words.behind === undefined) ? 'say by how much: “ahead: …” or “behind: …”.' : null,
        },
      ]
    case 'order':
      return orderFaults(words, names)
    case 'release':
      return namesAt(['release'], 'order', words.release, names.orders)
    case 'decide':
      return namesAt(['about'], 'order', words.about, names.orders)
    case 'kill':
    case 'freeze':
    case 'thaw':
      return host(['on'], words.on)
    case 'cut':
      return host(
        ['cut'],
        words.cut.filter((one) => one !== 'console'),
      )
    case 'heal':
      return words.heal === 'everything' ? [] : host(['heal'], words.heal)
    case 'power off':
      return host([verb], words['power off'])
    case 'power on':
      return host([verb], words['power on'])
    case 'late write':
      return [
        ...namesAt([verb], 'pooler on', words['late write'], names.poolers),
        ...namesAt(['points to'], 'member on', words['points to'], names.members),
      ]
    case 'expect':
      return expectFaults(words.expect, names)
    default:
      return []
  }
}

const throughFaults = (through: readonly string[], { poolers }: Names): Found[] => {
  const named = through.filter((one) => one !== 'members' && one !== 'poolers')
  return through.includes('poolers') && poolers.length === 0
    ? [{ at: ['through'], because: 'no pooler is in this fleet; write “through: members”, or leave it out.' }]
    : namesAt(['through'], 'pooler on', named, ['members', 'poolers', ...poolers])
}

/** Looked at in one herd. */
const ofHerd = [
  'primary',
  'streams',
  'read-only',
  'name points to',
  'patroni',
  'followed within',
  'poolers point to',
  'poolers paused',
  'longest wait below',
  'errors',
  'lost',
  'writes',
] as const

const expectFaults = (wanted: Expectation, names: Names): Found[] => {
  const of = (key: keyof Expectation, what: string, value: string | readonly string[] | undefined, all: readonly string[]) =>
    namesAt(['expect', key], what, value, all)
  const streaming = Object.entries(wanted.streams ?? {})
    .flat()
    .filter((one) => one !== null)
  return [
    ...(ofHerd.some((key) => wanted[key] !== undefined) ? herdAt(['expect', 'herd'], wanted.herd, names) : []),
    ...of('order', 'order', wanted.order, names.orders),
    ...of('primary', 'member on', wanted.primary, [...names.members, 'leader', 'nobody']),
    ...of('streams', 'member on', streaming, names.members),
    ...of('read-only', 'member on', wanted['read-only'], names.members),
    ...of('name points to', 'member on', wanted['name points to'], [...names.members, 'leader']),
    ...of('poolers point to', 'member on', wanted['poolers point to'], [...names.members, 'leader']),
    ...of('poolers paused', 'pooler on', wanted['poolers paused'], names.poolers),
  ]
}

const orderFaults = (words: StepOf<'order'>, { herds, hosts }: Names): Found[] => {
  const { order: name, on, 'hold before': before, 'hold after': after } = words
  const operation = operationByName(name)
  if (operation === undefined)
    return [{ at: ['order'], because: `there is no operation ${name}; known: ${operations.map((one) => one.name).join(', ')}.` }]
  const steps = operation.effects.map((effect) => effect.name)
  return [
    ...namesAt(['on'], 'herd or host', on, [...herds, ...hosts]),
    ...namesAt(['hold before'], `step of ${name}`, before, steps),
    ...namesAt(['hold after'], `step of ${name}`, after, steps),
    ...inputFaults(operation.input, words.input),
  ]
}

/** Words that the operation does not take, and values that it does not know. What stands for an id is told when it is ordered. */
const inputFaults = (schema: { safeParse: (value: unknown) => unknown; shape?: object }, input: Record<string, unknown>): Found[] => {
  const known = Object.keys(schema.shape ?? {})
  const unknown = Object.keys(input).flatMap((key) => namesAt(['input', key], 'input', key, known))
  const parsed = schema.safeParse(input) as { error?: { issues: { code: string; path: PropertyKey[]; values?: unknown[] }[] } }
  const wrong = (parsed.error?.issues ?? []).flatMap(({ code, path, values }) =>
    code === 'invalid_value' && path.length === 1
      ? [{ at: ['input', ...path], because: `${String(path[0])} is one of ${(values ?? []).join(', ')}.` }]
      : [],
  )
  return [...unknown, ...wrong]
}
