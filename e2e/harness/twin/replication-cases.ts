import { idOf, type MemoryFleet, type MemoryInstance } from '@/lib/adapters/memory'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JobState } from '@/lib/kernel/ground/journal'
import { applied, atMost, type Case, isGivenUp } from './crash-laws'

/** It was shut down cleanly, and the other one promoted after that. */
export const replacedBy = (title: string) => (instance: MemoryInstance, fleet: MemoryFleet) => {
  const successor = fleet.instance(title)
  const bytes = instance.walBytes + 0x78
  Object.assign(instance, { state: 'stopped', checkpointBytes: instance.walBytes, walBytes: bytes })
  Object.assign(successor, {
    hasStandbySignal: false,
    timeline: 2,
    upstreamId: null,
    forks: [{ timeline: 1, bytes }],
    walBytes: bytes + 0x78,
  })
  instance.replaced = { byId: successor.inventory.id, timeline: 2, because: `${title} was promoted in its place.` }
}

/** The other one was promoted while this one went on writing: both take writes. */
export const splitFrom = (title: string) => (instance: MemoryInstance, fleet: MemoryFleet) => {
  const fork = instance.walBytes
  instance.walBytes += 4096
  Object.assign(fleet.instance(title), {
    hasStandbySignal: false,
    timeline: 2,
    upstreamId: null,
    forks: [{ timeline: 1, bytes: fork }],
    walBytes: fork + 0x78,
  })
}

/** Whatever runs there ends half way. */
const failWork = ({ host }: MemoryInstance) => {
  for (const work of host.work.values())
    work.action = () => {
      throw new Fault('shell.failed', { because: 'the connection was lost' })
    }
}

/** A former primary comes back as a standby of the new one, or not at all. */
const followsAfter =
  (starts: number): Case['broken'] =>
  (instance, state) => [
    ...(state === 'done' &&
    (instance.state !== 'running' || !instance.hasStandbySignal || instance.timeline !== 2 || instance.replaced !== null)
      ? ['done, and it does not follow']
      : []),
    ...(instance.state === 'running' && !instance.hasStandbySignal ? ['it came up as a primary'] : []),
    ...(state !== 'done' && instance.replaced === null && !instance.hasStandbySignal ? [`${state}, and it may start as a primary`] : []),
    ...atMost(starts, instance, /^start/),
    ...atMost(1, instance, /^stop/),
    ...(state === 'done' && instance.slots.includes('n2') ? ['done, and the slot of its successor is left on it'] : []),
    ...atMost(1, instance, /^drop slot/),
    ...atMost(1, instance, /^follow/),
    ...atMost(1, instance, /^rewind/),
  ]
const followsAgain = followsAfter(1)

/** What it wrote past the fork lies aside before it is discarded. */
const savedOnce = (instance: MemoryInstance, state: JobState) => [
  ...(state === 'done' && instance.tails.size !== 1 ? ['done, and what it wrote is not saved'] : []),
  ...atMost(1, instance, /^save tail/),
]

/** A rebuilt standby streams and nothing of the copy is left, not even where the job failed: no slot, no directory, no work. */
const rebuilt: Case['broken'] = (instance, state, lines, fleet) => {
  const isOpen = state === 'attention' || isGivenUp(lines)
  const left = [...fleet.world.instances.values()].flatMap(({ slots }) => slots.filter((name) => name.endsWith('_copy')))
  return [
    ...(state === 'done' && (instance.state !== 'running' || !instance.hasStandbySignal || instance.upstreamId === null)
      ? ['done, and it does not follow']
      : []),
    ...(isOpen || left.length === 0 ? [] : [`${state}, and the slot ${left.join()} is left`]),
    ...(isOpen || instance.copy === null ? [] : [`${state}, and a copy (${instance.copy.stage}) is left`]),
    ...(isOpen || instance.host.work.size === 0 ? [] : [`${state}, and the work ${[...instance.host.work.keys()].join()} is left`]),
    ...atMost(1, instance, /^copy/),
    ...atMost(1, instance, /^rewind/),
  ]
}

/** The upstream of each standby, and the primary. */
export const replicationCases: Case[] = [
  {
    operation: 'repoint',
    what: 'of a standby under another one',
    target: 'demo on n3',
    input: { upstream: 'demo on n2' },
    broken: (instance, state) => {
      const isUnder = (title: string) => instance.upstreamId === idOf(title)
      return [
        ...(state === 'done' && (!isUnder('demo on n2') || instance.state !== 'running') ? ['done, and it does not follow n2'] : []),
        ...(['undone', 'failed', 'cancelled'].includes(state) && !isUnder('demo on n1') && !isUnder('demo on n2')
          ? [`${state}, and it follows nobody`]
          : []),
        ...(instance.hasStandbySignal ? [] : ['it is no standby any more']),
      ]
    },
    ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
    stride: 3,
  },
  {
    operation: 'promote',
    what: 'of a standby whose primary is down',
    target: 'demo on n2',
    prepare: (_instance, fleet) => {
      fleet.instance('demo on n1').state = 'stopped'
    },
    broken: (instance, state, lines, fleet) => {
      const { replaced } = fleet.instance('demo on n1')
      return [
        ...(state === 'done' && (instance.hasStandbySignal || instance.timeline !== 2) ? ['done, and it takes no writes'] : []),
        ...(['failed', 'cancelled', 'undone'].includes(state) && !instance.hasStandbySignal ? [`${state}, and it takes writes`] : []),
        ...(!instance.hasStandbySignal && replaced === null ? ['it takes writes, and n1 may start as a primary'] : []),
        ...(['failed', 'cancelled', 'undone'].includes(state) && replaced !== null && !isGivenUp(lines)
          ? [`${state}, and n1 may not start`]
          : []),
        ...atMost(1, instance, /^promote/),
      ]
    },
    ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
  },
  {
    operation: 'demote',
    what: 'of one of two primaries',
    target: 'demo on n1',
    prepare: splitFrom('demo on n2'),
    broken: (instance, state) => [
      ...(state === 'done' && (instance.state !== 'running' || instance.timeline !== 2 || instance.replaced !== null)
        ? ['done, and it does not follow']
        : []),
      ...(applied(instance, /^stop/) > 0 && instance.state === 'running' && !instance.hasStandbySignal ? ['it writes again'] : []),
      ...(applied(instance, /^rewind/) > 0 && !instance.hasStandbySignal && instance.replaced === null
        ? ['it may start as a primary']
        : []),
      ...(applied(instance, /^stop/) === 0 && (instance.replaced !== null || instance.hasStandbySignal)
        ? ['it was fenced while it runs']
        : []),
      ...savedOnce(instance, state),
      ...['stop', 'start', 'fence', 'follow', 'rewind'].flatMap((act) => atMost(1, instance, new RegExp(`^${act}`))),
    ],
    ends: ['attention', 'cancelled', 'done', 'failed'],
    stride: 83,
  },
  {
    operation: 'rejoin',
    what: 'of a primary that was shut down before the promotion',
    target: 'demo on n1',
    prepare: replacedBy('demo on n2'),
    broken: followsAgain,
    ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
    stride: 3,
  },
  {
    operation: 'rejoin',
    what: 'of a primary that wrote past the fork',
    target: 'demo on n1',
    prepare: (instance, fleet) => {
      replacedBy('demo on n2')(instance, fleet)
      Object.assign(instance, { checkpointBytes: instance.walBytes + 4096, walBytes: instance.walBytes + 4216 })
    },
    broken: followsAgain,
    ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
    stride: 59,
  },
  {
    operation: 'drop-slot',
    what: 'that nobody reads',
    target: 'demo on n1',
    input: { slot: 'gone' },
    prepare: (instance) => void instance.slots.push('gone'),
    broken: (instance, state) => [
      ...(state === 'done' && instance.slots.includes('gone') ? ['done, and the slot is there'] : []),
      ...(['failed', 'cancelled'].includes(state) && !instance.slots.includes('gone') ? [`${state}, and the slot is gone`] : []),
      ...(instance.slots.includes('n2') && instance.slots.includes('n3') ? [] : ['a slot in use was dropped']),
      ...atMost(1, instance, /^drop slot/),
    ],
    ends: ['attention', 'cancelled', 'done', 'failed'],
  },
  {
    operation: 'rejoin',
    what: 'of a primary that crashed, which replays its own WAL first',
    target: 'demo on n1',
    prepare: (instance, fleet) => {
      replacedBy('demo on n2')(instance, fleet)
      instance.state = 'crashed'
    },
    broken: followsAfter(2),
    ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
    stride: 211,
  },
  {
    operation: 'rebuild',
    what: 'of a standby by a copy',
    target: 'demo on n2',
    input: { strategy: 'copy' },
    broken: (instance, state, lines, fleet) => [
      ...rebuilt(instance, state, lines, fleet),
      ...(state === 'done' && applied(instance, /^swap in/) !== 1 ? ['done without a swap'] : []),
      ...(['undone', 'failed', 'cancelled'].includes(state) && instance.state !== 'running' && !isGivenUp(lines)
        ? [`${state}, and the old server is ${instance.state}`]
        : []),
    ],
    ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
    stride: 809,
  },
  {
    operation: 'rebuild',
    what: 'of a former primary that crashed past the fork',
    target: 'demo on n1',
    prepare: (instance, fleet) => {
      replacedBy('demo on n2')(instance, fleet)
      instance.state = 'crashed'
    },
    broken: (instance, state, lines, fleet) => [
      ...followsAfter(2)(instance, state, lines, fleet),
      ...rebuilt(instance, state, lines, fleet),
      ...savedOnce(instance, state),
    ],
    ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
    stride: 809,
  },
  {
    operation: 'rebuild',
    what: 'of a standby that was promoted by itself, whose rewind fails half way and is followed by a copy',
    target: 'demo on n2',
    prepare: (instance, fleet) => {
      splitFrom('demo on n2')(fleet.instance('demo on n1'), fleet)
      Object.assign(fleet.instance('demo on n1'), { timeline: 1 })
      Object.assign(instance, { state: 'stopped', ranAsStandby: false, walBytes: instance.walBytes + 8192 })
      instance.checkpointBytes = instance.walBytes - 120
      fleet.calls.afterwards = ({ act }) => {
        if (act === 'rewind') failWork(instance)
      }
    },
    broken: (instance, state, lines, fleet) => [
      ...rebuilt(instance, state, lines, fleet),
      ...(state === 'done' && (instance.isRewinding || instance.timeline !== 1) ? ['done, and it is torn'] : []),
      ...savedOnce(instance, state),
      ...(instance.state === 'running' && !instance.hasStandbySignal ? ['it came up as a primary'] : []),
    ],
    ends: ['attention', 'cancelled', 'done', 'failed'],
    stride: 809,
  },
  {
    operation: 'rebuild',
    what: 'of a standby in place, where no copy has room beside it',
    target: 'demo on n2',
    prepare: (instance, fleet) => {
      splitFrom('demo on n2')(fleet.instance('demo on n1'), fleet)
      Object.assign(fleet.instance('demo on n1'), { timeline: 1, refusesRewind: 'replicator may not' })
      Object.assign(instance, { state: 'stopped', ranAsStandby: false, walBytes: instance.walBytes + 8192, freeBytes: 2 ** 28 })
      instance.checkpointBytes = instance.walBytes - 120
    },
    broken: (instance, state, lines, fleet) => [
      ...rebuilt(instance, state, lines, fleet),
      ...(state === 'done' && (instance.inPlaceKey !== null || instance.timeline !== 1) ? ['done, and it is half of each'] : []),
      ...(state !== 'done' && state !== 'attention' && instance.inPlaceKey !== null && !isGivenUp(lines)
        ? [`${state}, and it cannot start`]
        : []),
      ...savedOnce(instance, state),
      ...atMost(1, instance, /^begin in place/),
      ...atMost(1, instance, /^fill in place/),
      ...(instance.state === 'running' && !instance.hasStandbySignal ? ['it came up as a primary'] : []),
    ],
    ends: ['attention', 'cancelled', 'done', 'failed'],
    stride: 1601,
  },
]
