import { expect, test } from 'vitest'
import { heldIn, type MemoryFleet, type MemoryInstance, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { adoptFile } from '@/lib/domain/poolers/template'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { switchover } from './switchover'

const stage = async (): Promise<Stage> => {
  const fleet = memoryFleet([
    { environment: 'prod', name: 'demo', hosts: ['n1', 'n2'], virtualHost: 'demo', poolers: ['front'] },
    { environment: 'prod', name: 'crm', hosts: ['c1', 'c2'], sharedPoolers: ['front'] },
  ])
  manage(fleet)
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const input = switchover.input.parse({ canary: false }) as JsonObject
  const { digest, reason } = await makeTargetPlan(switchover, fleet.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  moveOther(fleet)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const journal = new MemoryJournal(fleet.clock)
  return {
    operation: switchover,
    job: { id: 'job', targetId, input, digest },
    ports: fleet,
    clock: fleet.clock,
    journal,
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () =>
      JSON.stringify([
        [...fleet.world.instances.values()].map(({ state, applied, timeline, hasStandbySignal, slots, replaced }) => [
          state,
          applied,
          timeline,
          hasStandbySignal,
          slots,
          replaced,
        ]),
        fleet.zone('prod.test').applied,
        fleet.pooler(pooler).applied,
      ]),
    broken: (state) => {
      const isGivenUp = journal.lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')
      return [...fleet.world.violations, ...lawsOf(fleet, state, isGivenUp)]
    },
  }
}

const pooler = 'demo pooler on front'

const manage = (fleet: MemoryFleet): void => {
  const { inventory, file } = fleet.pooler(pooler)
  const aimOf = (title: string) => ({ host: addressOf(fleet, title), port: 5432 })
  const template = adoptFile(adoptFile(file!.text, aimOf('demo on n1'))!, aimOf('crm on c1'), 'crm')
  Object.assign(inventory, { isManaged: true, template })
}
const addressOf = (fleet: MemoryFleet, title: string) => fleet.instance(title).inventory.address.host.address

/** Another job has pointed the other herd of the pooler elsewhere since the plan was made, and somebody has paused its clients. */
const moveOther = (fleet: MemoryFleet): void => {
  const { file, fences, databases } = fleet.pooler(pooler)
  file!.text = file!.text.replace(addressOf(fleet, 'crm on c1'), addressOf(fleet, 'crm on c2'))
  fences.set(fleet.instance('crm on c1').inventory.herdId, 1_000)
  Object.assign(databases.get('crm')!, { host: addressOf(fleet, 'crm on c2'), isPaused: true })
}

/** Its clients are served by the primary, or are paused while the job needs attention; those of the other herd are left alone. */
const poolerLaws = (fleet: MemoryFleet, leader: MemoryInstance | undefined, isOpen: boolean): string[] => {
  const { databases, file } = fleet.pooler(pooler)
  const { host, isPaused } = databases.get('demo')!
  const other = databases.get('crm')!
  const address = leader?.inventory.address.host.address
  return [
    ...(isPaused && !isOpen ? ['the clients wait for ever'] : []),
    ...(!isPaused && host !== address && !isOpen ? ['the clients go on to a server that does not lead'] : []),
    ...(!isOpen && !file!.text.includes(`host=${address}`) ? ['the file leads elsewhere'] : []),
    ...(file!.text.includes(`crm = host=${addressOf(fleet, 'crm on c2')} `) ? [] : ['the lines of the other herd are changed']),
    ...(other.isPaused && other.host === addressOf(fleet, 'crm on c2') ? [] : ['the database of the other herd was touched']),
  ]
}

const count = (fleet: MemoryFleet, host: string, act: string) =>
  fleet.instance(`demo on ${host}`).applied.filter((one) => one === act).length

/** Nothing twice, one of the two takes writes unless the job needs attention, and the name points to it once the job is done. */
const lawsOf = (fleet: MemoryFleet, state: JobState, isGivenUp: boolean): string[] => {
  const once = [
    'stop fast',
    'start',
    'promote',
    'fence',
    'clearStandbySignal',
    'create slot n1',
    'drop slot n1',
    'drop slot n2',
    'stop immediate',
  ]
  const [n1, n2] = [fleet.instance('demo on n1'), fleet.instance('demo on n2')]
  const writes = [n1, n2].filter((one) => one.state === 'running' && !one.hasStandbySignal)
  const leads = heldIn(fleet.zone('prod.test'), 'demo.prod.test')[0]?.values[0]
  const isPromoted = count(fleet, 'n2', 'promote') > 0
  const isOpen = state === 'attention' || isGivenUp
  return [
    ...['n1', 'n2'].flatMap((host) =>
      once.filter((act) => count(fleet, host, act) > 1).map((act) => `${act} was applied twice on ${host}`),
    ),
    ...poolerLaws(fleet, writes[0], isOpen),
    ...(writes.length === 0 && !isOpen ? [`${state}, and nobody takes writes`] : []),
    ...(state === 'done' && (writes[0] !== n2 || leads !== 'n2.prod.test') ? ['done, and n2 does not lead'] : []),
    ...(state === 'done' && (n1.upstreamId !== n2.inventory.id || n1.replaced !== null) ? ['done, and n1 does not follow'] : []),
    ...(!isPromoted && leads !== 'n1.prod.test' ? ['the name was moved without a promotion'] : []),
    ...(!isPromoted && state !== 'done' && !isOpen && (writes[0] !== n1 || n1.replaced !== null || n2.slots.length > 0)
      ? [`${state} before the promotion, and not everything was undone`]
      : []),
  ]
}

test('a switchover ends as it says wherever drivers die and however acts go wrong: one writer, nothing twice, undone or finished', {
  timeout: 900_000,
}, async () => {
  const results = await crashMatrix(stage, { stride: 211 })
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})
