import { expect, test } from 'vitest'
import { hookedFleet, isNamed, machineOf, scripted } from '@/e2e/harness/twin/resize'
import { type ActCall, type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { isStreaming } from '@/lib/adapters/memory/world/wal'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '..'

const operation = operationByName('resize')!
const inputOf = (raw: JsonObject) => operation.input.parse({ type: 'm5.xlarge', ...raw }) as JsonObject
const planOf = (fleet: MemoryFleet, raw: JsonObject = {}, title = 'demo on n2') =>
  makeTargetPlan(operation, fleet.read, inputOf(raw), fleet.instance(title).inventory.id, new AbortController().signal)
const run = async (fleet: MemoryFleet, raw: JsonObject = {}, after: (call: ActCall) => void = () => {}) => {
  const { digest, reason } = await planOf(fleet, raw)
  expect(reason).toBeNull()
  fleet.calls.afterwards = after
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: fleet.instance('demo on n2').inventory.id, input: inputOf(raw), digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const state = await drive(operation, job, journal.open(), fleet, options)
  const notes = journal.lines.flatMap((line) => (line.kind === 'note' ? [line.text] : []))
  const because = journal.lines.flatMap((line) => ('because' in line && line.because !== null ? [line.because] : []))
  return { state, notes: notes.join('\n'), because: because.join(' ') }
}
const verdictOf = async (fleet: MemoryFleet, raw: JsonObject = {}, title?: string) =>
  (await planOf(fleet, raw, title)).gates.find(({ name }) => name === 'hooks')!
const fails = (fleet: MemoryFleet, file: string) => fleet.world.scripts.set(file, () => ({ exitCode: 7, output: 'it broke' }))

const id = (fleet: MemoryFleet) => machineOf(fleet, 'n2').inventory.instanceId
const addressOf = (fleet: MemoryFleet, host: string) => fleet.host(host).server.address.address
const away = (fleet: MemoryFleet) => `dns-change.sh SCALE_DOWN n/a db2.shop.test ${addressOf(fleet, 'n1')} A ${addressOf(fleet, 'n2')}`
const back = (fleet: MemoryFleet) => `dns-change.sh SCALE_UP n/a db2.shop.test ${addressOf(fleet, 'n2')} A ${addressOf(fleet, 'n2')}`
const outcomes = (fleet: MemoryFleet) => fleet.world.scripted.map(({ environment }) => environment.MATRIARCH_OUTCOME)

test('scripts run with the arguments of pygmy’s, each at its moment, and what they say is in the journal', async () => {
  const fleet = hookedFleet()
  const seen: string[] = []
  const { state, notes } = await run(fleet, {}, ({ act, target }) => {
    if (act === 'script') seen.push(`${target} ${machineOf(fleet, 'n2').type} ${fleet.instance('demo on n2').state}`)
  })
  expect(state).toBe('done')
  expect(scripted(fleet)).toEqual([away(fleet), `pre-resize.sh ${id(fleet)}`, `post-streaming.sh ${id(fleet)}`, back(fleet)])
  expect(seen).toEqual([
    'dns-change.sh m5.large running',
    'pre-resize.sh m5.large running',
    'post-streaming.sh m5.xlarge running',
    'dns-change.sh m5.xlarge running',
  ])
  expect(notes).toContain('post-streaming.sh was here')
  const calls = fleet.world.scripted.map(({ environment }) => environment.MATRIARCH_CALL)
  expect(new Set(calls).size).toBe(4)
  expect(calls[0]).toMatch(/^job\//)
})

test('a resize that fails later moves clients back and runs the hooks of the return, once the standby is as it was', async () => {
  const fleet = hookedFleet()
  for (const type of ['m5.xlarge']) fleet.world.exhausted.add(type)
  expect(await run(fleet)).toMatchObject({ state: 'undone' })
  expect(scripted(fleet)).toEqual([away(fleet), `pre-resize.sh ${id(fleet)}`, `post-streaming.sh ${id(fleet)}`, back(fleet)])
  expect(outcomes(fleet)).toEqual(['under-way', 'under-way', 'undone', 'undone'])
  expect([isNamed(fleet, 'n2'), isStreaming(fleet.world, fleet.instance('demo on n2'))]).toEqual([true, true])
})

test('a hook that fails before the stop leaves the machine untouched, and clients are moved back', async () => {
  const fleet = hookedFleet()
  fails(fleet, 'pre-resize.sh')
  const { state, because, notes } = await run(fleet)
  expect([state, machineOf(fleet, 'n2').applied]).toEqual(['undone', []])
  expect(because).toContain('pre-resize: pre-resize.sh ended with exit code 7.')
  expect(notes).toContain('it broke')
  expect(scripted(fleet).at(-1)).toBe(back(fleet))
})

test('a hook that may fail is noted, and the resize goes on', async () => {
  const fleet = hookedFleet()
  fleet.world.hooks = fleet.world.hooks.map((one) => ({ ...one, onFailure: 'go-on' }))
  for (const file of ['pre-resize.sh', 'dns-change.sh']) fails(fleet, file)
  fleet.world.scripts.set('post-streaming.sh', () => 'hangs')
  const { state, notes } = await run(fleet)
  expect([state, machineOf(fleet, 'n2').type]).toEqual(['done', 'm5.xlarge'])
  expect(notes).toContain('pre-resize.sh ended with exit code 7. The job goes on, as the hook says.')
  expect(notes).toContain('post-streaming.sh did not end within 60 s, and was killed.')
})

test('a hook after the return that fails takes the machine back to its type', async () => {
  const fleet = hookedFleet()
  let isFirst = true
  fleet.world.scripts.set('post-streaming.sh', () => {
    const exitCode = isFirst ? 1 : 0
    isFirst = false
    return { exitCode, output: '' }
  })
  expect(await run(fleet)).toMatchObject({ state: 'undone' })
  expect(machineOf(fleet, 'n2')).toMatchObject({ state: 'running', type: 'm5.large' })
  expect(scripted(fleet).slice(-2)).toEqual([`post-streaming.sh ${id(fleet)}`, back(fleet)])
  const calls = fleet.world.scripted.map(({ environment }) => environment.MATRIARCH_CALL)
  expect(new Set(calls).size, 'what undoes is no repetition').toBe(calls.length)
})

test('clients are moved to a primary, and to nobody else: after a failover since the plan nothing is moved', async () => {
  const fleet = hookedFleet()
  const { because } = await run(fleet, {}, ({ act }) => {
    const instance = fleet.instance('demo on n1')
    if (act === 'replace' && instance.state === 'running') instance.state = 'stopped'
  })
  expect(because).toContain('so no clients are moved there')
  expect(scripted(fleet)).toEqual([])
})

test('a script whose worker died is run again under the same call, and one that had ended is not', async () => {
  const fleet = hookedFleet()
  const { digest } = await planOf(fleet)
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: fleet.instance('demo on n2').inventory.id, input: inputOf({}), digest }
  const death = new AbortController()
  fleet.calls.afterwards = ({ target }) => {
    if (target === 'pre-resize.sh') death.abort(new Fault('lease.lost'))
  }
  const driveOn = (signal: AbortSignal) =>
    drive(operation, job, journal.open(), fleet, { driver: 'test', signal, isCancelRequested: () => false, clock: fleet.clock })
  await expect(driveOn(death.signal)).rejects.toMatchObject({ code: 'lease.lost' })
  expect(await driveOn(new AbortController().signal)).toBe('done')
  const calls = (file: string) =>
    fleet.world.scripted.filter((one) => one.file === file).map(({ environment }) => environment.MATRIARCH_CALL)
  expect([new Set(calls('pre-resize.sh')).size, calls('pre-resize.sh').length, calls('dns-change.sh').length]).toEqual([1, 2, 2])
  expect(journal.lines.some((line) => line.kind === 'note' && line.text.includes('It is run again, under the same MATRIARCH_CALL'))).toBe(
    true,
  )
})

test('clients are not moved back to a server that is down: the job asks', async () => {
  const fleet = hookedFleet()
  fleet.world.scripts.set('pre-resize.sh', () => {
    fleet.instance('demo on n2').state = 'stopped'
    return { exitCode: 1, output: '' }
  })
  const { state, because } = await run(fleet)
  expect([state, because]).toEqual(['attention', expect.stringContaining('so its clients are not moved back to it')])
  expect(scripted(fleet)).not.toContain(back(fleet))
})

test('clients are moved back once the cloud says the address again: a throttled account does not undo a resize that is over', async () => {
  const fleet = hookedFleet()
  const { machine } = fleet.read.cloud
  let refusals = 0
  fleet.read.cloud.machine = async (...asked) => {
    if (fleet.world.scripted.at(-1)?.file === 'post-streaming.sh' && refusals < 5) {
      refusals += 1
      throw new Fault('cloud.unreachable', { because: 'Request limit exceeded.' })
    }
    return machine(...asked)
  }
  const { state, notes } = await run(fleet)
  expect([state, refusals, machineOf(fleet, 'n2').type]).toEqual(['done', 5, 'm5.xlarge'])
  expect([notes, scripted(fleet).at(-1)]).toEqual([expect.stringContaining('Request limit exceeded.'), back(fleet)])
})

test('after it shrank, clients stay away where the hook says so, and come back when it grows', async () => {
  const fleet = hookedFleet()
  fleet.world.hooks = fleet.world.hooks.map((one) => ({ ...one, staysAway: one.moment === 'move-clients' }))
  machineOf(fleet, 'n2').type = 'm5.xlarge'
  expect(await run(fleet, { type: 'm5.large' })).toMatchObject({ state: 'done' })
  expect(scripted(fleet)).toEqual([away(fleet), `pre-resize.sh ${id(fleet)}`, `post-streaming.sh ${id(fleet)}`])
  fleet.world.exhausted.add('m5.xlarge')
  const { state, notes } = await run(fleet)
  expect([state, scripted(fleet).at(-1)]).toEqual(['undone', `post-streaming.sh ${id(fleet)}`])
  expect(notes).toContain('its clients stay away while it is small')
  fleet.world.exhausted.clear()
  expect(await run(fleet)).toMatchObject({ state: 'done' })
  expect(scripted(fleet).at(-1)).toBe(back(fleet))
})

test('a plan refuses a script that the worker would not run, and warns of DNS entries that no hook moves', async () => {
  const fleet = hookedFleet()
  fleet.world.scripts.delete('pre-resize.sh')
  expect(await planOf(fleet)).toMatchObject({ reason: 'HOOKS_DIRECTORY of this worker has no file pre-resize.sh.' })
  fleet.world.hooks = fleet.world.hooks.filter(({ moment }) => moment === 'after-return')
  expect(await verdictOf(fleet)).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('db2.shop.test: no hook moves clients'),
  })
  fleet.world.dnsEntries = []
  expect(await verdictOf(fleet)).toMatchObject({ verdict: 'pass', because: 'post-streaming.' })
})
