import { describe, expect, test } from 'vitest'
import { bench } from '@/e2e/harness/twin/bench'
import type { ActPorts } from '@/lib/ports'
import { Fault, isFault } from '../ground/errors'
import type { JournalEntry } from '../ground/journal'
import { makeTargetPlan } from '../operation/plan-making'
import { directories, directoriesHead, makeDirectory, release, twoSteps, undo } from './directories.fixture'

describe('promise 1: the intent is in the journal before the action, and the first one wins', () => {
  test('every act finds its intent written', async () => {
    const { fleet, journal, go } = await bench(directories)
    const before: string[] = []
    fleet.calls.interfere = ({ act }) => {
      const last = journal.lines.filter((line) => line.kind !== 'note').at(-1)
      before.push(`${act} after ${last?.kind}`)
      return undefined
    }
    expect(await go()).toBe('done')
    expect(before).toEqual([
      ...['/hold', '/first', '/second', '/point', '/after'].map((path) => `mkdir ${path} after intended`),
      'rmdir /hold after release-intended',
    ])
  })

  test('a resumed step runs with the before of its first intent', async () => {
    const seen: unknown[] = []
    let looks = 0
    const operation = directoriesHead()
      .effect<string, null>('count', {
        title: 'Count',
        preview: () => ({ sentence: 'Count.', commands: [] }),
        check: async () => {
          looks += 1
          return seen.length > 0 ? { found: 'done', output: null } : { found: 'ready', before: `look ${looks}` }
        },
        run: async (_facts, before: string): Promise<void> => {
          seen.push(before)
        },
        timeoutMs: 1_000,
        ending: { final: 'It stays.' },
      })
      .build()
    const { journal, go } = await bench(operation)
    journal.write([
      { kind: 'opened', target: 't', input: {}, digest: 'd', driver: 'dead' },
      { kind: 'gathered', facts: {} },
      { kind: 'intended', step: 'count', before: 'the first' },
    ])
    expect(await go()).toBe('done')
    expect(seen).toEqual(['the first'])
  })
})

describe('promise 2: after a crash a step is checked, never blindly run again', () => {
  const dead = (step: string): JournalEntry[] => [
    { kind: 'opened', target: 't', input: {}, digest: 'd', driver: 'dead' },
    { kind: 'intended', step, before: null },
  ]

  test('an intended step that has happened is finished as ours without running', async () => {
    const { fleet, host, journal, go, find } = await bench(twoSteps)
    journal.write([dead('one')[0]!, { kind: 'gathered', facts: { host: { ...host.server.address } } }, dead('one')[1]!])
    host.directories.add('/one')
    expect(await go()).toBe('done')
    expect(fleet.calls.made.map((call) => call.act)).toEqual(['mkdir /two'])
    expect(find('finished').map((line) => [line.step, line.ours])).toEqual([
      ['one', true],
      ['two', true],
    ])
  })

  test('a step found done that was never intended is not ours and is not undone', async () => {
    const { host, go, find, disturb } = await bench(twoSteps)
    host.directories.add('/one')
    disturb('mkdir /two', { how: 'fail' })
    expect(await go()).toBe('failed')
    expect(find('finished')[0]).toMatchObject({ step: 'one', ours: false })
    expect(find('undo-intended')).toEqual([])
    expect([...host.directories]).toEqual(['/one'])
  })

  test('of a step that did one thing and failed at the next, the first is undone, although its check cannot tell a part from nothing', async () => {
    const [left, right] = ['/left', '/right'].map((path) => makeDirectory(path, undo(path)))
    const both = directoriesHead()
      .effect('both', {
        ...left!,
        check: async (facts, ports, context) => {
          const looks = await Promise.all([left!, right!].map((one) => one.check(facts, ports, context)))
          return looks.find(({ found }) => found !== 'done') ?? looks[0]!
        },
        run: async (...given) => {
          await left!.run(...given)
          await right!.run(...given)
        },
      })
      .build()
    const { host, go, disturb, find } = await bench(both)
    disturb('mkdir /right', { how: 'fail' })
    expect(await go()).toBe('undone')
    expect(find('failed')[0]).toMatchObject({ certainty: 'unknown' })
    expect([...host.directories]).toEqual([])
  })

  describe('a step that does two things at once, of which one fails', () => {
    const [left, right] = ['/left', '/right'].map((path) => makeDirectory(path, release(path)))
    const both = (begin: (context: { pause: (ms: number) => Promise<void> }) => Promise<void>) =>
      directoriesHead()
        .effect('both', {
          ...left!,
          run: async (facts, before, ports, context) => {
            const late = async () => {
              await begin(context)
              await right!.run(facts, before, ports, context)
            }
            await Promise.all([left!.run(facts, before, ports, context), late()])
          },
          ending: {
            release: async (facts, _before, _output, ports, context) => {
              for (const { ending } of [left!, right!]) if ('release' in ending) await ending.release(facts, null, null, ports, context)
            },
            sentence: 'Both are removed in the end.',
          },
        })
        .build()

    test('is left only once the other is over: its release finds all there is', async () => {
      const { fleet, host, go, journal } = await bench(both(async () => {}))
      fleet.calls.interfere = async ({ act }) => {
        if (act === 'mkdir /left') return { how: 'fail' }
        if (act === 'mkdir /right') await fleet.clock.sleep(2_000)
        return undefined
      }
      expect(await go()).toBe('failed')
      expect(fleet.calls.made.map(({ act }) => act)).toEqual(['mkdir /left', 'mkdir /right', 'rmdir /right'])
      expect([...host.directories]).toEqual([])
      expect(journal.lines.at(-1)).toMatchObject({ kind: 'closed' })
    })

    test('begins nothing more: what it left running finds its acts refused', async () => {
      const { fleet, host, go } = await bench(both(({ pause }) => pause(2_000)))
      fleet.calls.interfere = ({ act }) => (act === 'mkdir /left' ? { how: 'fail' } : undefined)
      expect(await go()).toBe('failed')
      await fleet.clock.sleep(10_000)
      expect(fleet.calls.made.map(({ act }) => act)).toEqual(['mkdir /left'])
      expect([...host.directories]).toEqual([])
    })
  })

  test('the facts of the first driver are the ones the next one acts on', async () => {
    const { host, journal, go } = await bench(twoSteps)
    const moved = { ...host.server.address, hostname: 'n1' }
    journal.write([dead('one')[0]!, { kind: 'gathered', facts: { host: { ...moved } } }, dead('one')[1]!])
    host.server.address = { ...moved, address: '10.9.9.9' }
    expect(await go()).toBe('done')
    expect(journal.lines.filter((line) => line.kind === 'gathered')).toHaveLength(1)
  })
})

describe('promise 3: releases always run, under their own deadline', () => {
  const held = directoriesHead()
    .effect('hold', makeDirectory('/hold', release('/hold')))
    .effect('one', makeDirectory('/one', undo('/one')))
    .build()

  test('after success, after failure and after a cancel', async () => {
    const well = await bench(held)
    expect(await well.go()).toBe('done')
    expect(well.host.directories.has('/hold')).toBe(false)

    const badly = await bench(held)
    badly.disturb('mkdir /one', { how: 'fail' })
    expect(await badly.go()).toBe('failed')
    expect(badly.host.directories.has('/hold')).toBe(false)

    const cancelled = await bench(held)
    let isCancelled = false
    cancelled.fleet.calls.afterwards = ({ act }) => {
      isCancelled = act === 'mkdir /hold'
    }
    expect(await cancelled.go({ isCancelRequested: () => isCancelled })).toBe('cancelled')
    expect(cancelled.words()).toEqual([
      'intended hold',
      'finished hold',
      'cancel-requested',
      'release-intended hold',
      'released hold',
      'closed cancelled',
    ])
    expect([...cancelled.host.directories]).toEqual([])
  })

  test('in reverse order, after what is undone', async () => {
    const operation = directoriesHead()
      .effect('a', makeDirectory('/a', release('/a')))
      .effect('b', makeDirectory('/b', undo('/b')))
      .effect('c', makeDirectory('/c', release('/c')))
      .effect('d', makeDirectory('/d', undo('/d')))
      .build()
    const { go, words, disturb } = await bench(operation)
    disturb('mkdir /d', { how: 'fail' })
    expect(await go()).toBe('undone')
    expect(words().filter((word) => /undone|released|closed/.test(word))).toEqual(['undone b', 'released c', 'released a', 'closed undone'])
  })

  test('a release that never answers ends at its own deadline', async () => {
    const silent = { release: () => new Promise<void>(() => {}), sentence: 'It is removed.', timeoutMs: 2_000 }
    const operation = directoriesHead().effect('hold', makeDirectory('/hold', silent)).build()
    const { go, find } = await bench(operation)
    expect(await go()).toBe('attention')
    expect(find('release-failed')[0]!.because).toBe('Clean-up of “Make /hold” did not end within 2 s')
  })

  test('a release that hangs times out at its own deadline, is tried again, and then needs attention', async () => {
    const { go, words, disturb, calm, journal, find } = await bench(held)
    disturb('rmdir /hold', { how: 'hang-before' })
    expect(await go()).toBe('attention')
    expect(find('attention')[0]).toMatchObject({ during: 'release' })
    calm()
    journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
    expect(await go()).toBe('done')
    expect(words().at(-2)).toBe('released hold')
  })
})

describe('promise 6: a driver that lost its lease does nothing more', () => {
  test('it stops at once, without its endings, and throws what it met', async () => {
    const { fleet, host, journal, go, words } = await bench(directories)
    fleet.calls.afterwards = ({ act }) => {
      if (act === 'mkdir /first') journal.open()
    }
    await expect(go()).rejects.toSatisfy((error) => isFault(error, 'lease.lost'))
    expect([...host.directories]).toEqual(['/hold', '/first'])
    expect(words()).toEqual(['intended hold', 'finished hold', 'intended first'])
  })

  test('it proves its lease before each act, after the intent', async () => {
    const { fleet, host, journal, go } = await bench(twoSteps)
    const operationReads = fleet.read.hosts.read
    fleet.read.hosts.read = async (...args) => {
      const answer = await operationReads(...args)
      if (args[1][2] === '/two') queueMicrotask(() => journal.open())
      return answer
    }
    await expect(go()).rejects.toSatisfy((error) => isFault(error, 'lease.lost'))
    expect([...host.directories]).toEqual(['/one'])
  })

  test('a mark is not enough to go on: the lease is proven once more after it', async () => {
    const operation = directoriesHead()
      .effect(
        'one',
        makeDirectory('/one', undo('/one'), {
          run: async ({ host }, _before, ports, { mark, signal }) => {
            await mark('begun')
            // A call that proves no lease, as a session that was opened before would send it.
            await ports.read.hosts.read(host, ['test', '-d', '/sent'], { timeoutMs: 1_000, signal })
          },
        }),
      )
      .build()
    const { fleet, journal, go } = await bench(operation)
    const write = journal.write.bind(journal)
    journal.write = (entries) => {
      write(entries)
      if (entries.some((entry) => entry.kind === 'marked')) journal.open()
    }
    const sent: string[] = []
    const { read } = fleet.read.hosts
    fleet.read.hosts.read = (host, argv, options) => {
      sent.push(argv.join(' '))
      return read(host, argv, options)
    }
    await expect(go()).rejects.toSatisfy((error) => isFault(error, 'lease.lost'))
    expect(sent).not.toContain('test -d /sent')
  })

  test('an aborted driver leaves the job open for the next one', async () => {
    const { fleet, go, host } = await bench(twoSteps)
    const stop = new AbortController()
    fleet.calls.afterwards = ({ act }) => {
      if (act === 'mkdir /one') stop.abort(new Fault('lease.lost'))
    }
    await expect(go({ signal: stop.signal })).rejects.toSatisfy((error) => isFault(error, 'lease.lost'))
    fleet.calls.afterwards = () => {}
    expect(await go()).toBe('done')
    expect([...host.directories]).toEqual(['/one', '/two'])
  })

  test('a draining worker hands over between two steps with everything written', async () => {
    const { fleet, go, words } = await bench(twoSteps)
    let isDraining = false
    fleet.calls.afterwards = () => {
      isDraining = true
    }
    expect(await go({ shouldHandOver: () => isDraining })).toBe('running')
    expect(words()).toEqual(['intended one', 'finished one'])
    expect(await go()).toBe('done')
  })

  test('a job that ten drivers took over without progress needs attention', async () => {
    const { journal, go, find } = await bench(twoSteps)
    journal.write([{ kind: 'opened', target: 't', input: {}, digest: 'd', driver: 'dead' }])
    for (let nth = 0; nth < 10; nth += 1) journal.write([{ kind: 'resumed', driver: 'dead' }])
    expect(await go()).toBe('attention')
    expect(find('attention')[0]).toMatchObject({ during: 'driver' })
    journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
    expect(await go()).toBe('done')
  })
})

describe('promise 7: a job may be driven at any time, again and again', () => {
  test('a closed job is left as it is', async () => {
    const { go, journal } = await bench(twoSteps)
    expect(await go()).toBe('done')
    const lines = journal.lines.length
    expect(await go()).toBe('done')
    expect(journal.lines).toHaveLength(lines)
  })

  test('a job that waits for a person is left as it is until the person has decided', async () => {
    const { go, journal, disturb } = await bench(directories)
    disturb('mkdir /after', { how: 'fail' })
    expect(await go()).toBe('attention')
    const lines = journal.lines.length
    expect(await go()).toBe('attention')
    expect(journal.lines).toHaveLength(lines)
  })
})

describe('promise 8: what only looks cannot act', () => {
  test('a check or a gather that reaches for an act is a bug that changes nothing', async () => {
    const operation = directoriesHead()
      .effect(
        'one',
        makeDirectory('/one', undo('/one'), {
          check: async ({ host }, ports) => {
            await (ports as unknown as ActPorts).act.hosts.run(host, ['mkdir', '/planned'], { timeoutMs: 1 })
            return { found: 'ready', before: null }
          },
        }),
      )
      .build()
    const { fleet, host, go, find } = await bench(operation)
    const plan = await makeTargetPlan(operation, fleet.read, {}, host.server.id, new AbortController().signal)
    expect(plan.eligible).toBe(false)
    expect(await go()).toBe('failed')
    expect(find('failed')[0]).toMatchObject({ code: 'internal.bug', certainty: 'did-not-happen' })
    expect(host.directories.size).toBe(0)
  })
})
