import { expect, test } from 'vitest'
import { bench } from '@/e2e/harness/twin/bench'
import { memoryFleet } from '@/lib/adapters/memory'
import { directoriesHead, final, makeDirectory, undo } from '../engine/directories.fixture'
import { foldJob } from '../engine/fold'
import { notAsked, notNeeded, notPossible } from './only-when'
import { makeTargetPlan } from './plan-making'
import { pass, refuse, unknown } from './verdict'

const never = () => false
const operation = directoriesHead()
  .gate('dark', 'Reachable', () => unknown('The light is off.'))
  .gate('elsewhere', 'It is here', () => refuse('It is not.'), { when: never, otherwise: pass })
  .effect('asked', makeDirectory('/asked', undo('/asked')), { when: never, otherwise: notAsked('Nobody asked for it.') })
  .effect('point', makeDirectory('/point', final), { when: never, otherwise: ({ host }) => notPossible(`${host.hostname} has no room.`) })
  .effect('needed', makeDirectory('/needed', undo('/needed')), { when: () => true, otherwise: notNeeded('It is there.') })
  .build()

test('a plan says of a step that does not apply which of three words is true and why, and of a gate that could not look that it does not know', async () => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1'] }])
  const plan = await makeTargetPlan(operation, fleet.read, {}, fleet.host('n1').server.id, new AbortController().signal)
  expect(plan.gates.map(({ verdict, because }) => [verdict, because])).toEqual([
    ['unknown', 'The light is off.'],
    ['pass', null],
  ])
  expect(plan.effects.map(({ state, because, commands }) => [state, because, commands])).toEqual([
    ['not-asked', 'Nobody asked for it.', []],
    ['not-possible', 'n1 has no room.', []],
    ['will-run', null, ['mkdir /needed']],
  ])
  expect(plan.eligible).toBe(true)
})

test('a job journals what it leaves out with its word, does none of it, and is past no point of no return by it', async () => {
  const { fleet, journal, go } = await bench(operation)
  fleet.calls.interfere = ({ act }) => (act === 'mkdir /needed' ? { how: 'fail' } : undefined)
  expect(await go()).toBe('failed')
  expect(journal.lines.flatMap((line) => (line.kind === 'left-out' ? [`${line.step}: ${line.word}: ${line.because}`] : []))).toEqual([
    'asked: not-asked: Nobody asked for it.',
    'point: not-possible: n1 has no room.',
  ])
  expect(journal.lines.some((line) => line.kind === 'gate' && line.verdict === 'unknown')).toBe(true)
  const names = operation.effects.map(({ name }) => name)
  expect(
    foldJob(journal.lines, names)
      .steps.map(({ state }) => state)
      .slice(0, 2),
  ).toEqual(['not-asked', 'not-possible'])
})
