import { expect, test } from 'vitest'
import { bench } from '@/e2e/harness/twin/bench'
import { Fault } from '../ground/errors'
import type { Json } from '../ground/json'
import { isPointOfNoReturn, type RunContext } from '../operation/operation'
import { directoriesHead, final, makeDirectory, undo } from './directories.fixture'

const undone: string[] = []
const limits = { timeoutMs: 5_000 }

/** Makes /way, passes its point of no return, and makes /there. */
const journey = (on: (place: 'begun' | 'passed', context: RunContext) => void | Promise<void>) => {
  const until = {
    isPassed: (mark: Json) => mark === 'passed',
    undo: async () => {
      undone.push('journey')
    },
  }
  return directoriesHead()
    .effect('first', makeDirectory('/first', undo('/first')))
    .effect(
      'journey',
      makeDirectory(
        '/there',
        { final: 'It is there.', until },
        {
          run: async ({ host }, _before, ports, context) => {
            if (context.marked === null) await ports.act.hosts.run(host, ['mkdir', '/way'], limits)
            await on('begun', context)
            if (context.marked === null) await context.mark('passed')
            await on('passed', context)
            await ports.act.hosts.run(host, ['mkdir', '/there'], limits)
          },
        },
      ),
    )
    .effect('after', makeDirectory('/after', final))
    .build()
}
const broken = () => {
  throw new Fault('shell.failed', { because: 'It broke.' })
}

test('a step with its point of no return inside is one in the plan', () => {
  expect(journey(() => {}).effects.map(({ ending }) => isPointOfNoReturn(ending, null))).toEqual([false, true, true])
})

test('a failure before the mark is undone by the step’s own undo, and everything before it too', async () => {
  undone.length = 0
  const { go, words } = await bench(journey((place) => (place === 'begun' ? broken() : undefined)))
  expect(await go()).toBe('undone')
  expect(words().slice(2)).toEqual([
    'intended journey',
    'failed journey',
    'undo-intended journey',
    'undone journey',
    'undo-intended first',
    'undone first',
    'closed undone',
  ])
  expect(undone).toEqual(['journey'])
})

test('a failure past the mark is never undone: the job needs attention, and resumes from there', async () => {
  undone.length = 0
  let isBroken = true
  const { go, journal, host, find } = await bench(journey((place) => (place === 'passed' && isBroken ? broken() : undefined)))
  expect(await go()).toBe('attention')
  expect(find('attention')[0]).toMatchObject({ during: 'step' })
  isBroken = false
  journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
  expect(await go()).toBe('done')
  expect([undone, [...host.directories]]).toEqual([[], ['/first', '/way', '/there', '/after']])
})

test.each([
  ['begun', 'undone', ['journey']],
  ['passed', 'done', []],
] as const)('a driver that dies when it has %s: the next one leaves it %s', async (where, state, taken) => {
  undone.length = 0
  let isFirst = true
  let tell = () => {}
  const died = new Promise<void>((resolve) => {
    tell = resolve
  })
  const { go } = await bench(
    journey((place) => {
      if (place !== where || !isFirst) return
      isFirst = false
      tell()
      return new Promise<never>(() => {})
    }),
  )
  void go().catch(() => {})
  await died
  expect(await go()).toBe(state)
  expect(undone).toEqual(taken)
})
