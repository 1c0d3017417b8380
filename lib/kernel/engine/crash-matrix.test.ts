import { expect, test } from 'vitest'
import { MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import type { Operation } from '../operation/operation'
import { makeTargetPlan } from '../operation/plan-making'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from './crash-matrix'
import { abreastOnes, directories } from './directories.fixture'

const stageOf = (operation: Operation, whole: string) => async (): Promise<Stage> => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1'] }])
  const host = fleet.host('n1')
  const { digest } = await makeTargetPlan(operation, fleet.read, {}, host.server.id, new AbortController().signal)
  const journal = new MemoryJournal(fleet.clock)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  return {
    operation,
    job: { id: 'job', targetId: host.server.id, input: {}, digest },
    ports: fleet,
    clock: fleet.clock,
    journal,
    disturb: (nth, how) => planned.set(fleet.calls.made.length + nth, how),
    snapshot: () => [...host.directories].sort().join(' '),
    broken: (state) => {
      const made = [...host.directories].sort().join(' ')
      if (state === 'done') return made === whole ? [] : [`done, but there is: ${made}`]
      if (state === 'attention') return []
      const closed = journal.lines.at(-1)
      if (closed?.kind === 'closed' && closed.because?.startsWith('Abandoned'))
        return [...host.directories]
          .filter((path) => !closed.because?.includes(`Make ${path}`))
          .map((path) => `abandoned without a word of ${path}`)
      return made === '' ? [] : [`${state}, but there is: ${made}`]
    },
  }
}

test('undo, release and final keep every promise wherever drivers die, sleep or hand over and acts go wrong', {
  timeout: 300_000,
}, async () => {
  const results = await crashMatrix(stageOf(directories, '/after /first /point /second'))
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})

test('steps taken at the same time keep them too', { timeout: 300_000 }, async () => {
  const results = await crashMatrix(stageOf(abreastOnes, '/after /left /one /point /right /three /two'), { stride: 7 })
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})
