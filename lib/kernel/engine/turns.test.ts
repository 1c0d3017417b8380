import { describe, expect, test } from 'vitest'
import { bench } from '@/e2e/harness/twin/bench'
import { Fault } from '../ground/errors'
import { directories, directoriesHead, final, harmless, makeDirectory, twoSteps, undo } from './directories.fixture'

/** The longest back-off of `lib/adapters/ssh/index.ts`. */
const leftAloneMs = 5_000

describe('promise 4: before the point of no return a failure is undone, after it the job only goes forward', () => {
  test('a failure before it undoes everything of ours, last first', async () => {
    const { host, go, words, disturb } = await bench(directories)
    disturb('mkdir /point', { how: 'fail' })
    expect(await go()).toBe('undone')
    expect(words().slice(-8)).toEqual([
      'failed point',
      'undo-intended second',
      'undone second',
      'undo-intended first',
      'undone first',
      'release-intended hold',
      'released hold',
      'closed undone',
    ])
    expect([...host.directories]).toEqual([])
  })

  test('a failure after it undoes nothing, keeps what it holds, and says what is known', async () => {
    const { host, go, disturb, find } = await bench(directories)
    disturb('mkdir /after', { how: 'fail' })
    expect(await go()).toBe('attention')
    expect([...host.directories].sort()).toEqual(['/first', '/hold', '/point', '/second'])
    expect(find('attention')[0]).toMatchObject({
      during: 'step',
      unknown: [],
      known: expect.arrayContaining(['“Make /point” has happened', '“Make /after” did not happen']),
    })
  })

  test('a final step that might have happened stops the job as well, and the unknown is named', async () => {
    const { host, go, disturb, find } = await bench(directories)
    disturb('mkdir /point', { how: 'hang-before', isKilled: false })
    expect(await go()).toBe('attention')
    expect(find('attention')[0]!.unknown).toEqual(['whether “Make /point” has happened'])
    expect(host.directories.has('/first')).toBe(true)
  })

  test('a final step found already so is past the point of no return too', async () => {
    const { host, go, disturb } = await bench(directories)
    host.directories.add('/point')
    disturb('mkdir /after', { how: 'fail' })
    expect(await go()).toBe('attention')
    expect(host.directories.has('/second')).toBe(true)
  })

  test('a wait that the deadline of its step ended says so, and not that somebody cancelled it', async () => {
    const waiting = makeDirectory('/wait', undo('/wait'), {
      canInterrupt: true,
      run: async (_facts, _before, _ports, { pauseUnlessCancelled }) => {
        for (;;) await pauseUnlessCancelled(1_000)
      },
    })
    const operation = directoriesHead()
      .effect('first', makeDirectory('/first', undo('/first')))
      .effect('wait', waiting)
      .build()
    const { go, find } = await bench(operation)
    expect(await go()).toBe('undone')
    expect(find('failed')[0]!.because).toMatch(/^“Make \/wait” did not end within \d+ s/)
  })

  test('a harmless final step is no point of no return', async () => {
    const operation = directoriesHead()
      .effect('one', makeDirectory('/one', undo('/one')))
      .effect('note', makeDirectory('/note', harmless))
      .effect('two', makeDirectory('/two', undo('/two')))
      .build()
    const { host, go, disturb } = await bench(operation)
    disturb('mkdir /two', { how: 'fail' })
    expect(await go()).toBe('undone')
    expect([...host.directories]).toEqual(['/note'])
  })

  test('resume checks the step again and goes forward; abandon cleans up and says what is left', async () => {
    const on = await bench(directories)
    on.disturb('mkdir /after', { how: 'fail' })
    await on.go()
    on.calm()
    expect(await on.go()).toBe('attention')
    on.journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
    expect(await on.go()).toBe('done')

    const up = await bench(directories)
    up.disturb('mkdir /after', { how: 'fail' })
    await up.go()
    up.journal.write([{ kind: 'decided', decision: 'abandon', by: 'ada' }])
    expect(await up.go()).toBe('failed')
    expect([...up.host.directories].sort()).toEqual(['/first', '/point', '/second'])
    expect(up.find('closed')[0]!.because).toBe(
      'Abandoned by ada. Left as it is: “Make /first” has happened; “Make /second” has happened; “Make /point” has happened.',
    )
  })

  test('an undo that fails is tried for longer than a host that was down is left alone, then needs attention, and a resume tries it again', async () => {
    const { host, go, disturb, calm, journal, find, words } = await bench(twoSteps)
    disturb('mkdir /two', { how: 'fail' })
    disturb('rmdir /one', { how: 'fail', fault: new Fault('step.unknown') })
    expect(await go()).toBe('attention')
    const [asked, begun] = [find('attention')[0]!, find('undo-intended')[0]!]
    expect(asked).toMatchObject({ during: 'undo' })
    expect(Date.parse(asked.at) - Date.parse(begun.at)).toBeGreaterThan(leftAloneMs)
    calm()
    journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
    expect(await go()).toBe('undone')
    expect([...host.directories]).toEqual([])
    expect(words().filter((word) => word === 'undo-intended one')).toHaveLength(2)
  })

  test('a cancel past it comes too late: the job goes on to its end and says so', async () => {
    const { fleet, go, find } = await bench(directories)
    let isCancelled = false
    fleet.calls.afterwards = ({ act }) => {
      isCancelled ||= act === 'mkdir /point'
    }
    expect(await go({ isCancelRequested: () => isCancelled })).toBe('done')
    expect(find('note').some((line) => line.text.includes('Too late to cancel'))).toBe(true)
    expect(find('cancel-requested')).toEqual([])
  })

  test('nor does it interrupt a short step past it; a long one asks once, and goes on to its end when it is told to', async () => {
    const past = (more: { isLong?: true }) =>
      directoriesHead()
        .effect('point', makeDirectory('/point', final))
        .effect('after', makeDirectory('/after', undo('/after'), { timeoutMs: 3_600_000, canInterrupt: true, ...more }))
        .build()
    for (const isLong of [true, undefined] as const) {
      const { fleet, go, disturb, calm, journal, find } = await bench(past(isLong ? { isLong } : {}))
      const isCancelRequested = () => fleet.calls.made.length > 1
      disturb('mkdir /after', { how: 'hang-before', isKilled: true })
      const before = fleet.clock.now().getTime()
      expect(await go({ isCancelRequested })).toBe('attention')
      expect(Date.parse(find('failed')[0]!.at) - before < 3_000).toBe(isLong === true)
      calm()
      journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
      expect(await go({ isCancelRequested })).toBe('done')
    }
  })

  test('a step that is the point of no return itself is interrupted while it runs: a statement that hangs is not waited for', async () => {
    const operation = directoriesHead()
      .effect('point', makeDirectory('/point', final, { timeoutMs: 3_600_000, canInterrupt: true }))
      .build()
    const { fleet, go, disturb, find } = await bench(operation)
    disturb('mkdir /point', { how: 'hang-before', isKilled: true })
    const before = fleet.clock.now().getTime()
    await go({ isCancelRequested: () => fleet.calls.made.length > 0 })
    expect(find('failed')).toMatchObject([{ step: 'point', certainty: 'did-not-happen' }])
    expect(fleet.clock.now().getTime() - before).toBeLessThan(3_000)
  })
})

describe('promise 5: a timeout is unknown until a check says otherwise', () => {
  test('a step that timed out and has happened is finished', async () => {
    const { go, find, disturb } = await bench(twoSteps)
    disturb('mkdir /one', { how: 'hang-after' })
    expect(await go()).toBe('done')
    expect(find('finished')[0]).toMatchObject({ step: 'one', ours: true })
  })

  test('a step whose connection was lost after it happened is finished', async () => {
    const { go, disturb } = await bench(twoSteps)
    disturb('mkdir /two', { how: 'lose-answer' })
    expect(await go()).toBe('done')
  })

  test('a final step that timed out and has not happened is undone around only once its command is known dead', async () => {
    const dead = await bench(directories)
    dead.disturb('mkdir /point', { how: 'hang-before', isKilled: true })
    expect(await dead.go()).toBe('undone')
    const alive = await bench(directories)
    alive.disturb('mkdir /point', { how: 'hang-before', isKilled: false })
    expect(await alive.go()).toBe('attention')
  })

  test('a final step that ended well without effect is looked at for a while, then failed for certain', async () => {
    const operation = directoriesHead()
      .effect('one', makeDirectory('/one', undo('/one')))
      .effect('point', makeDirectory('/point', final, { run: async () => {} }))
      .build()
    const { go, find, fleet } = await bench(operation)
    const before = fleet.clock.now().getTime()
    expect(await go()).toBe('undone')
    expect(find('failed')[0]).toMatchObject({ step: 'point', certainty: 'did-not-happen' })
    expect(fleet.clock.now().getTime() - before).toBeGreaterThanOrEqual(10_000)
  })
})

test('drivers that each die as soon as they have taken the job over are counted: after ten of them a person is asked, and may let another one try', async () => {
  const { go, find, journal } = await bench(directories)
  const die = () => {
    const dying = new AbortController()
    const isCancelRequested = () => {
      dying.abort(new Fault('lease.lost'))
      return false
    }
    return expect(go({ signal: dying.signal, isCancelRequested })).rejects.toMatchObject({ code: 'lease.lost' })
  }
  await die()
  for (let driver = 1; driver <= 10; driver += 1) await die()
  expect([find('opened'), find('resumed')].map((lines) => lines.length)).toEqual([1, 10])
  expect(await go()).toBe('attention')
  expect(find('attention')[0]).toMatchObject({ during: 'driver', because: expect.stringContaining('died without progress') })
  journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
  expect(await go()).toBe('done')
})
