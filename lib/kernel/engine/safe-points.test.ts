import { describe, expect, test } from 'vitest'
import { bench } from '@/e2e/harness/twin/bench'
import { Fault } from '../ground/errors'
import { directoriesHead, final, makeDirectory, twoSteps, undo } from './directories.fixture'

describe('facts are gathered again before the first effect', () => {
  test('a job is refused and nothing runs when something changed since the plan was made', async () => {
    let generation = 1
    const operation = directoriesHead(() => ({ generation }))
      .effect('one', makeDirectory('/one', undo('/one')))
      .build()
    const { host, go, find } = await bench(operation)
    generation = 2
    expect(await go()).toBe('refused')
    expect(find('refused')[0]!.because).toContain('Something changed')
    expect(host.directories.size).toBe(0)
  })

  test('a gate that refuses now refuses the job', async () => {
    let isOpen = true
    const operation = directoriesHead()
      .gate('open', 'It is open', () => (isOpen ? { verdict: 'pass' } : { verdict: 'refuse', because: 'it is closed' }))
      .effect('one', makeDirectory('/one', undo('/one')))
      .build()
    const { go, find } = await bench(operation)
    isOpen = false
    expect(await go()).toBe('refused')
    expect(find('closed')[0]).toMatchObject({ outcome: 'refused', because: 'it is closed' })
  })

  test('a gate that must hold all along is looked at again after a long effect, and its refusal undoes what was done', async () => {
    let isOpen = true
    const operation = directoriesHead()
      .gate('open', 'It is open', () => (isOpen ? { verdict: 'pass' } : { verdict: 'refuse', because: 'it was closed meanwhile' }), {
        again: true,
      })
      .effect('copy', makeDirectory('/copy', undo('/copy'), { isLong: true }))
      .effect('switch', makeDirectory('/switch', final))
      .build()
    const { fleet, host, go, find } = await bench(operation)
    fleet.calls.afterwards = () => {
      isOpen = false
    }
    expect(await go()).toBe('undone')
    expect(find('closed')[0]!.because).toBe('it was closed meanwhile')
    expect([...host.directories]).toEqual([])
  })

  test('a target that cannot be looked at fails with nothing done', async () => {
    const { fleet, go, find } = await bench(twoSteps)
    fleet.read.inventory.server = async () => {
      throw new Fault('record.missing')
    }
    expect(await go()).toBe('failed')
    expect(find('failed')[0]).toMatchObject({ step: 'gather', code: 'record.missing' })
  })

  test('while the console’s own database is away a job waits wherever it asks for it, and then goes on', async () => {
    let away = 0
    const ask = async () => {
      away += 1
      if (away % 3 !== 0) throw new Fault('database.down')
    }
    const asking = { ...makeDirectory('/one', undo('/one')) }
    const operation = directoriesHead()
      .effect('one', {
        ...asking,
        check: async (...args) => {
          await ask()
          return asking.check(...args)
        },
        run: async (...args) => {
          await ask()
          await asking.run(...args)
        },
      })
      .build()
    const { fleet, host, go, find } = await bench(operation)
    const known = fleet.read.inventory.server
    fleet.read.inventory.server = async (id) => {
      await ask()
      return known(id)
    }
    expect(await go()).toBe('done')
    expect(find('failed')).toEqual([])
    expect([...host.directories]).toEqual(['/one'])
    expect(away).toBe(12)
  })

  test('how long a job waited for the console’s own database is told in its journal, and a short wait is not', async () => {
    const { fleet, go, find, journal } = await bench(twoSteps)
    const open = journal.open.bind(journal)
    const waits: Record<string, number> = { one: 42_000, two: 1_000 }
    journal.open = () => {
      const port = open()
      return {
        ...port,
        append: async (entries, firstSeq) => {
          for (const entry of entries) if (entry.kind === 'intended') await fleet.clock.sleep(waits[entry.step]!)
          await port.append(entries, firstSeq)
        },
      }
    }
    expect(await go()).toBe('done')
    expect(find('waited').map(({ tookMs }) => tookMs)).toEqual([42_000])
  })
})

describe('cancel', () => {
  test('between two steps it undoes what is ours', async () => {
    const { fleet, host, go, find } = await bench(twoSteps)
    let isCancelled = false
    fleet.calls.afterwards = () => {
      isCancelled = true
    }
    expect(await go({ isCancelRequested: () => isCancelled, cancelRequestedBy: () => 'ada' })).toBe('cancelled')
    expect(find('closed')[0]!.because).toBe('cancelled by ada')
    expect([...host.directories]).toEqual([])
  })

  test('it interrupts a step that says it can be, and no other', async () => {
    for (const canInterrupt of [true, undefined] as const) {
      const operation = directoriesHead()
        .effect('one', makeDirectory('/one', undo('/one'), { timeoutMs: 3_600_000, ...(canInterrupt ? { canInterrupt } : {}) }))
        .build()
      const { fleet, go, disturb } = await bench(operation)
      disturb('mkdir /one', { how: 'hang-before', isKilled: true })
      const before = fleet.clock.now().getTime()
      const state = await go({ isCancelRequested: () => fleet.calls.made.length > 0 })
      expect([state, fleet.clock.now().getTime() - before < 3_000]).toEqual(canInterrupt ? ['cancelled', true] : ['failed', false])
    }
  })
})

test('a bug in a step crashes this one job, as certain as its checks can tell', async () => {
  const operation = directoriesHead()
    .effect('one', makeDirectory('/one', undo('/one')))
    .effect('two', makeDirectory('/two', undo('/two'), { run: (): Promise<void> => Promise.reject(new TypeError('x is not a function')) }))
    .build()
  const { host, go, find } = await bench(operation)
  expect(await go()).toBe('undone')
  expect(find('failed')[0]).toMatchObject({
    code: 'internal.bug',
    certainty: 'did-not-happen',
    because: expect.stringContaining('x is not a function'),
  })
  expect([...host.directories]).toEqual([])
})

test('output of a step reaches the log in order, joined and cut', async () => {
  const operation = directoriesHead()
    .effect(
      'one',
      makeDirectory('/one', undo('/one'), {
        run: async ({ host }, _before, ports, { note, signal }) => {
          note('stdout', 'a')
          note('stdout', 'b\n')
          note('stderr', 'c')
          await ports.act.hosts.run(host, ['mkdir', '/one'], { timeoutMs: 1000, signal })
          for (let nth = 0; nth < 2_000; nth += 1) note('stdout', 'x'.repeat(1024))
        },
      }),
    )
    .build()
  const { go, find } = await bench(operation)
  expect(await go()).toBe('done')
  const notes = find('note')
  expect(notes.slice(0, 2).map((line) => [line.stream, line.text])).toEqual([
    ['stdout', 'ab\n'],
    ['stderr', 'c'],
  ])
  expect(notes.at(-1)!.text).toBe('Further output is left out.')
  expect(notes.reduce((length, line) => length + line.text.length, 0)).toBeLessThan(1.1 * 1024 * 1024)
})
