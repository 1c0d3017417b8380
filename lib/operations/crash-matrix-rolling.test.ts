import { expect, test } from 'vitest'
import { applied, isGivenUp, runsUnlessAsked } from '@/e2e/harness/twin/crash-laws'
import { newFleet, say } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { isStreaming } from '@/lib/adapters/memory/world/wal'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { rollingRestart } from './rolling/restart'

/** The primary has its write in a pooler, and a setting waits on every member. */
const stage = async (): Promise<Stage> => {
  const fleet = newFleet({ poolers: ['front'] })
  say(fleet, {})
  for (const { active, files } of fleet.world.instances.values()) {
    active.max_connections = '100'
    files.max_connections = '200'
  }
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const input = rollingRestart.input.parse({ canary: false }) as JsonObject
  const { digest, reason } = await makeTargetPlan(rollingRestart, fleet.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const journal = new MemoryJournal(fleet.clock)
  return {
    ...{ operation: rollingRestart, ports: fleet, clock: fleet.clock, journal },
    job: { id: 'job', targetId, input, digest },
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () =>
      JSON.stringify([
        [...fleet.world.instances.values()].map(({ state, applied, timeline, active }) => [state, applied, timeline, active]),
        fleet.pooler('demo pooler on front').applied,
        fleet.zone('prod.test').applied,
      ]),
    broken: (state) => lawsOf(fleet, state, journal.lines),
  }
}

/** One writer, every server up, each restarted once, clients served, and nothing of a member that was finished taken back. */
const lawsOf = (fleet: MemoryFleet, state: JobState, lines: readonly JournalLine[]): string[] => {
  const members = [...fleet.world.instances.values()]
  const isAsked = state === 'attention' || isGivenUp(lines)
  const writers = members.filter((one) => one.state === 'running' && !one.hasStandbySignal)
  const finished = lines.flatMap((line) => (line.kind === 'segment-closed' && line.outcome === 'done' ? [line.segment] : []))
  const hostOf = (one: (typeof members)[number]) => one.inventory.address.host.hostname
  const { host, isPaused } = fleet.pooler('demo pooler on front').databases.get('demo')!
  const closed = lines.at(-1)
  // A candidate that was not promoted is stopped, to prove it, and started as a standby again.
  const isTakenBack = lines.some((line) => line.kind === 'undo-intended' && line.step === 'switchover/hand-over')
  return [
    ...fleet.world.violations,
    ...members.flatMap((one) => runsUnlessAsked(one, state, lines)),
    ...members.flatMap((one) =>
      applied(one, /^start/) > (isTakenBack ? 2 : 1) ? [`${hostOf(one)} was started ${applied(one, /^start/)} times`] : [],
    ),
    ...(writers.length === 1 || isAsked ? [] : [`${state}, and ${writers.length} take writes`]),
    ...(isAsked || (!isPaused && host === writers[0]?.inventory.address.host.address) ? [] : [`${state}, and clients are not served`]),
    ...members.flatMap((one) =>
      finished.includes(hostOf(one)) && one.active.max_connections !== '200' ? [`${hostOf(one)} was finished, and runs as before`] : [],
    ),
    ...(isAsked
      ? []
      : members.flatMap((one) => (one === writers[0] || isStreaming(fleet.world, one) ? [] : [`${hostOf(one)} does not stream`]))),
    ...(state === 'done' && members.some(({ active }) => active.max_connections !== '200')
      ? ['done, and not every member was restarted']
      : []),
    ...(finished.length > 0 &&
    closed?.kind === 'closed' &&
    state !== 'done' &&
    !closed.because?.startsWith(`Stopped after ${finished.length} of 4`)
      ? [`${state} after ${finished.length}, and it says: ${closed.because}`]
      : []),
  ]
}

test('a rolling restart ends as it says wherever drivers die and however acts go wrong: one writer, each member restarted once, and what is finished stays', {
  timeout: 900_000,
}, async () => {
  const results = await crashMatrix(stage, { stride: 997, every: 5 })
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed'])
})
