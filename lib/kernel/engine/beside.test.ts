import { expect, test } from 'vitest'
import { bench } from '@/e2e/harness/twin/bench'
import { Fault } from '../ground/errors'
import type { Effect } from '../operation/operation'
import { abreastOnes, type DirectoryFacts, directoriesHead, harmless, makeDirectory } from './directories.fixture'

const failures = ['fail', 'hang-before'] as const
const disturbance = (how: (typeof failures)[number]) => (how === 'fail' ? { how } : { how, isKilled: false })

test('steps beside each other all begin before one of them ends, and the next one waits for all', async () => {
  const { go, words } = await bench(abreastOnes)
  expect(await go()).toBe('done')
  const said = words()
  const at = (word: string) => said.indexOf(word)
  const begun = Math.max(...['one', 'two', 'three'].map((step) => at(`intended ${step}`)))
  const ended = ['one', 'two', 'three'].map((step) => at(`finished ${step}`))
  expect(begun).toBeLessThan(Math.min(...ended))
  expect(at('intended after')).toBeGreaterThan(Math.max(...ended))
})

test.each(failures)(
  'past the point of no return a step that cannot be done (%s) holds none beside it up, and the job asks only then',
  async (how) => {
    const { host, go, find, disturb, calm, journal } = await bench(abreastOnes)
    disturb('mkdir /two', disturbance(how))
    expect(await go()).toBe('attention')
    expect([...host.directories].sort()).toEqual(['/left', '/one', '/point', '/right', '/three'])
    expect(find('attention')[0]!.known).toEqual(expect.arrayContaining(['“Make /one” has happened', '“Make /three” has happened']))
    calm()
    journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
    expect(await go()).toBe('done')
    expect(host.directories.has('/after')).toBe(true)
    expect(find('intended').map(({ step }) => step)).toEqual(['left', 'right', 'point', 'one', 'two', 'three', 'after'])
  },
)

test('a driver that dies over a failure leaves those beside it to the next one, which asks only once they are done', async () => {
  const { host, journal, go, find } = await bench(abreastOnes)
  for (const path of ['/left', '/right', '/point', '/one']) host.directories.add(path)
  const ours = (step: string) => ({ kind: 'finished', step, output: null, ours: true, tookMs: 1 }) as const
  journal.write([
    { kind: 'opened', target: 't', input: {}, digest: 'd', driver: 'dead' },
    { kind: 'gathered', facts: { host: { ...host.server.address } } },
    ...['left', 'right', 'point'].flatMap((step) => [{ kind: 'intended', step, before: null } as const, ours(step)]),
    ...['one', 'two'].map((step) => ({ kind: 'intended', step, before: null }) as const),
    { kind: 'failed', step: 'two', code: 'shell.failed', because: 'It could not be made.', certainty: 'did-not-happen' },
  ])
  expect(await go()).toBe('attention')
  expect([...host.directories].sort()).toEqual(['/left', '/one', '/point', '/right', '/three'])
  expect(find('attention')[0]!.because).toBe('It could not be made.')
})

test('before it a failure undoes those beside it too', async () => {
  const { host, go, disturb, words } = await bench(abreastOnes)
  disturb('mkdir /left', { how: 'fail' })
  expect(await go()).toBe('undone')
  expect([...host.directories]).toEqual([])
  expect(words().slice(-3)).toEqual(['undo-intended right', 'undone right', 'closed undone'])
})

test('two that fail are both named, with one question', async () => {
  const { go, disturb, find } = await bench(abreastOnes)
  disturb('mkdir /one', { how: 'hang-before', isKilled: false })
  disturb('mkdir /three', { how: 'hang-before', isKilled: false })
  expect(await go()).toBe('attention')
  const { because, question, unknown } = find('attention')[0]!
  expect(because).toMatch(/^“Make \/one”: .* “Make \/three”: /)
  expect(question).toBe(
    'Did “Make /one” and “Make /three” happen? Find out, then resume: each step is checked again first. Or abandon the job: clean-up runs and nothing is undone.',
  )
  expect(unknown).toEqual(['whether “Make /one” has happened', 'whether “Make /three” has happened'])
})

test('a driver that may not go on in one of them goes on in none', async () => {
  const endless: Effect<DirectoryFacts, null, null> = {
    ...makeDirectory('/endless', harmless),
    run: async (_facts, _before, _ports, { signal, pause }) => {
      while (!signal.aborted) await pause(1_000)
      throw signal.reason
    },
    timeoutMs: 3_600_000,
  }
  const operation = directoriesHead().effect('short', makeDirectory('/short', harmless)).beside('endless', endless).build()
  const { fleet, journal, go } = await bench(operation)
  fleet.calls.afterwards = () => {
    journal.open()
  }
  const began = fleet.clock.now().getTime()
  await expect(go()).rejects.toMatchObject({ code: 'lease.lost' })
  expect(fleet.clock.now().getTime() - began).toBeLessThan(60_000)
})

test('a step that did nothing itself is repeated when the console’s own database was away, whatever was done beside it', async () => {
  const { go, fleet, find } = await bench(abreastOnes)
  let asked = 0
  const run = fleet.act.hosts.run
  fleet.act.hosts.run = async (...args) => {
    if (args[1].includes('/two')) asked += 1
    if (args[1].includes('/two') && asked === 1) {
      await fleet.clock.sleep(1_000)
      throw new Fault('database.down')
    }
    return run(...args)
  }
  expect(await go()).toBe('done')
  expect(asked).toBe(2)
  expect(find('failed')).toEqual([])
})
