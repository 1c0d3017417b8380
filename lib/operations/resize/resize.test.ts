import { expect, test } from 'vitest'
import { isNamed, machineOf, readers, resizeFleet } from '@/e2e/harness/twin/resize'
import { type ActCall, type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { isStreaming, startTimeline } from '@/lib/adapters/memory/world/wal'
import { sampleTypes } from '@/lib/domain/machines/sample'
import { standInsOf } from '@/lib/domain/machines/stand-ins'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '..'

const operation = operationByName('resize')!
const standIns = standInsOf('m5.large', 'x86_64').filter((type) => type !== 'm5.xlarge')
const planOf = (fleet: MemoryFleet, raw: JsonObject = {}, title = 'demo on n2') => {
  const input = operation.input.parse({ type: 'm5.xlarge', ...raw }) as JsonObject
  const targetId = fleet.instance(title).inventory.id
  return makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
}
const run = async (fleet: MemoryFleet, raw: JsonObject = {}, after: (call: ActCall) => void = () => {}) => {
  const { digest, reason } = await planOf(fleet, raw)
  expect(reason).toBeNull()
  fleet.calls.afterwards = after
  const journal = new MemoryJournal(fleet.clock)
  const input = operation.input.parse({ type: 'm5.xlarge', ...raw }) as JsonObject
  const job = { id: 'job', targetId: fleet.instance('demo on n2').inventory.id, input, digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const state = await drive(operation, job, journal.open(), fleet, options)
  const resume = () => {
    journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
    return drive(operation, job, journal.open(), fleet, options)
  }
  return {
    state,
    resume,
    because: journal.lines.flatMap((line) => ('because' in line && line.because !== null ? [line.because] : [])).join(' '),
  }
}
const refusalOf = async (fleet: MemoryFleet, raw: JsonObject = {}, title?: string) => (await planOf(fleet, raw, title)).reason

test('a standby leaves its name, its machine becomes the type, and it returns once it streams', async () => {
  const fleet = resizeFleet()
  const named: boolean[] = []
  expect(await run(fleet, {}, ({ act }) => void (act === 'set-type' && named.push(isNamed(fleet, 'n2'))))).toMatchObject({ state: 'done' })
  expect(machineOf(fleet, 'n2')).toMatchObject({
    state: 'running',
    type: 'm5.xlarge',
    applied: ['stop', 'set m5.xlarge', 'start m5.xlarge'],
  })
  expect(named).toEqual([false])
  expect([isNamed(fleet, 'n2'), isStreaming(fleet.world, fleet.instance('demo on n2'))]).toEqual([true, true])
})

test('without capacity the next type is taken, and with none of them the machine runs again as what it was', async () => {
  const fleet = resizeFleet()
  fleet.world.exhausted.add('m5.xlarge')
  expect(await run(fleet, { fallbacks: 'm6i.xlarge' })).toMatchObject({ state: 'done' })
  expect(machineOf(fleet, 'n2')).toMatchObject({ state: 'running', type: 'm6i.xlarge' })

  const dry = resizeFleet()
  for (const type of ['m5.xlarge', 'm6i.xlarge']) dry.world.exhausted.add(type)
  const { state, because } = await run(dry, { fallbacks: 'm6i.xlarge' })
  expect([state, because]).toEqual(['undone', expect.stringContaining('The machine runs as m5.large again')])
  expect(machineOf(dry, 'n2')).toMatchObject({ state: 'running', type: 'm5.large' })
  expect([isNamed(dry, 'n2'), isStreaming(dry.world, dry.instance('demo on n2'))]).toEqual([true, true])
})

test('where EC2 has none of any type, a fallback that comes back is taken, and one that was wanted ends the job well', async () => {
  const fleet = resizeFleet()
  for (const type of ['m5.large', 'm5.xlarge', 'm6i.xlarge']) fleet.world.exhausted.add(type)
  let starts = 0
  fleet.calls.interfere = ({ act }) => {
    if (act === 'start') starts += 1
    if (starts === 12) fleet.world.exhausted.delete('m6i.xlarge')
    return undefined
  }
  expect(await run(fleet, { fallbacks: 'm6i.xlarge' })).toMatchObject({ state: 'done' })
  expect(machineOf(fleet, 'n2')).toMatchObject({ state: 'running', type: 'm6i.xlarge' })
})

test('where EC2 has none of any type for good, the job asks, and says that the machine is stopped and how to start it', async () => {
  const fleet = resizeFleet()
  for (const type of Object.keys(sampleTypes)) fleet.world.exhausted.add(type)
  const { state, because, resume } = await run(fleet)
  expect([state, machineOf(fleet, 'n2').state]).toEqual(['attention', 'stopped'])
  expect(because).toMatch(/the machine is stopped, m5\..*by hand: aws ec2 start-instances/)
  fleet.world.exhausted.clear()
  expect(await resume()).toBe('undone')
  expect([machineOf(fleet, 'n2').state, machineOf(fleet, 'n2').type]).toEqual(['running', 'm5.large'])
})

test('where neither the wanted types nor the former one can be had for as long as the plan says, a type named in it stands in, and the job says so', async () => {
  const fleet = resizeFleet()
  const { effects } = await planOf(fleet)
  const plan = JSON.stringify(effects)
  expect(plan).toContain(`none of them for 3 minutes, it becomes the first of ${standIns.join(', ')}`)
  for (const type of ['m5.large', 'm5.xlarge', standIns[0]!]) fleet.world.exhausted.add(type)
  const askedAt = new Map<string, number>()
  const { state, because } = await run(fleet, {}, ({ act }) => {
    const { type } = machineOf(fleet, 'n2')
    if (act === 'set-type' && !askedAt.has(type)) askedAt.set(type, fleet.clock.now().getTime())
  })
  expect([state, because]).toEqual([
    'undone',
    expect.stringContaining(`The machine runs as ${standIns[1]}, for EC2 had neither m5.xlarge nor m5.large`),
  ])
  expect(askedAt.get(standIns[0]!)! - askedAt.get('m5.large')!).toBeGreaterThanOrEqual(180_000)
  expect(machineOf(fleet, 'n2')).toMatchObject({ state: 'running', type: standIns[1] })
  expect(machineOf(fleet, 'n2').applied.filter((one) => one === 'stop')).toEqual(['stop'])
  expect([isNamed(fleet, 'n2'), isStreaming(fleet.world, fleet.instance('demo on n2'))]).toEqual([true, true])
})

test('the plan says what each type costs that the machine may become: fallbacks, and those that stand in', async () => {
  const own = standInsOf('m5.large', 'x86_64').filter((type) => type !== 'm6i.xlarge' && type !== 'm5.xlarge')
  const row = (plan: Awaited<ReturnType<typeof planOf>>) =>
    plan.now.flatMap(({ label, value }) => (label.includes('may become') ? [value] : [])).join()
  const said = row(await planOf(resizeFleet(), { fallbacks: 'm6i.xlarge' }))
  for (const type of ['m6i.xlarge', ...own]) expect(said).toMatch(new RegExp(`\\b${type.replace('.', '[.]')} \\$[0-9]+[.][0-9]{2}`))
  expect(said).toMatch(/ \(on demand, list of [0-9-]+\)$/)
  const fleet = resizeFleet()
  const herd = operationByName('resize-herd')!
  const input = herd.input.parse({ type: 'm5.xlarge', fallbacks: 'm6i.xlarge' }) as JsonObject
  const { herdId } = fleet.instance('demo on n2').inventory
  expect(row(await makeTargetPlan(herd, fleet.read, input, herdId, new AbortController().signal))).toBe(said)
})

test('a type that the sample lacks is planned and taken as EC2 describes it, with what may stand in, and without a price that nobody knows', async () => {
  const fleet = resizeFleet()
  const row = { vcpus: 4, memoryMib: 16_384, architectures: ['x86_64'], localStorageGb: null }
  fleet.world.describedTypes = { 'm9x.xlarge': row, 'm9x.large': { ...row, vcpus: 2, memoryMib: 8192 } }
  machineOf(fleet, 'n2').type = 'm9x.large'
  const { now, gates, effects } = await planOf(fleet, { type: 'm9x.xlarge' })
  expect(gates.find(({ name }) => name === 'fits')?.because).toBe('m9x.xlarge: 4 vCPUs, 16 GiB.')
  expect(JSON.stringify(effects)).toContain('it becomes the first of m5.large, m5a.large, m6a.large')
  expect(now.find(({ label }) => label === 'Price per month')?.value).toContain('no price known for m9x.large and m9x.xlarge')
  expect(await run(fleet, { type: 'm9x.xlarge' })).toMatchObject({ state: 'done' })
  expect(machineOf(fleet, 'n2').type).toBe('m9x.xlarge')
})

test('a machine in another state than it was seen in is looked at again, and still becomes the type that was asked for', async () => {
  const fleet = resizeFleet()
  let isEarly = true
  fleet.calls.interfere = ({ act }) => {
    if (act !== 'set-type' || !isEarly) return undefined
    isEarly = false
    return { how: 'fail', fault: new Fault('cloud.wrong-state', { because: 'IncorrectInstanceState', isOver: true }) }
  }
  expect(await run(fleet, { fallbacks: 'm6i.xlarge' })).toMatchObject({ state: 'done' })
  expect(machineOf(fleet, 'n2').type).toBe('m5.xlarge')
})

const cloudActs = ['stop', 'set-type', 'start']
const standbyLaws = (fleet: MemoryFleet) => ({
  ...{ isNamed: isNamed(fleet, 'n2'), isOtherNamed: isNamed(fleet, 'n3') },
  streams: isStreaming(fleet.world, fleet.instance('demo on n2')),
})
const allHold = { isNamed: true, isOtherNamed: true, streams: true }

test.each(cloudActs)(
  'an EC2 that answers RequestLimitExceeded to everything for a minute, from %s on, is waited for: each deed is done once, and a reader is left',
  async (from) => {
    const fleet = resizeFleet()
    const { machine } = fleet.read.cloud
    const tooMany = () =>
      new Fault('cloud.unreachable', { because: 'EC2 answers too many requests at the moment: RequestLimitExceeded.', isOver: true })
    const nowMs = () => fleet.clock.now().getTime()
    let begun: number | null = null
    const seen: boolean[] = []
    const isThrottled = () => begun !== null && nowMs() - begun < 60_000
    fleet.read.cloud.machine = async (...asked) => {
      seen.push(isNamed(fleet, 'n3'))
      if (isThrottled()) throw tooMany()
      return machine(...asked)
    }
    fleet.calls.interfere = ({ act }) => {
      if (act === from) begun ??= nowMs()
      return cloudActs.includes(act) && isThrottled() ? { how: 'fail', fault: tooMany() } : undefined
    }
    expect(await run(fleet)).toMatchObject({ state: 'done' })
    expect(nowMs() - begun!).toBeGreaterThanOrEqual(60_000)
    expect(machineOf(fleet, 'n2').applied).toEqual(['stop', 'set m5.xlarge', 'start m5.xlarge'])
    expect([standbyLaws(fleet), seen.includes(false)]).toEqual([allHold, false])
  },
)

test.each(cloudActs)('an answer that is lost after EC2 has done %s is not followed by a second one', async (lost) => {
  const fleet = resizeFleet()
  let isFirst = true
  fleet.calls.interfere = ({ act }) => {
    if (act !== lost || !isFirst) return undefined
    isFirst = false
    return { how: 'lose-answer' }
  }
  expect(await run(fleet)).toMatchObject({ state: 'done' })
  expect(machineOf(fleet, 'n2').applied).toEqual(['stop', 'set m5.xlarge', 'start m5.xlarge'])
  expect(standbyLaws(fleet)).toEqual(allHold)
})

test('somebody who promotes it after it left its name keeps it: neither PostgreSQL nor the machine is stopped', async () => {
  const fleet = resizeFleet()
  const promote = () => startTimeline(fleet.instance('demo on n2'))
  const { because } = await run(fleet, {}, ({ act }) =>
    act === 'replace' && fleet.instance('demo on n2').hasStandbySignal ? promote() : undefined,
  )
  expect(because).toContain('somebody has promoted it')
  expect(fleet.instance('demo on n2').state).toBe('running')
  expect(machineOf(fleet, 'n2').applied).toEqual([])
})

test('somebody who starts and promotes it while PostgreSQL is down keeps its machine', async () => {
  const fleet = resizeFleet()
  const instance = fleet.instance('demo on n2')
  const look = fleet.read.cloud.machine
  fleet.read.cloud.machine = (...asked) => {
    if (instance.state === 'stopped') {
      instance.state = 'running'
      startTimeline(instance)
    }
    return look(...asked)
  }
  const { state, because } = await run(fleet)
  expect([state, because]).toEqual(['undone', expect.stringContaining('takes writes by now')])
  expect([machineOf(fleet, 'n2').applied, fleet.world.violations]).toEqual([[], []])
})

test('a machine that EC2 refuses to change or to start is asked to start again and again, and is not left stopped', async () => {
  const fleet = resizeFleet()
  const isRefused = new Set(['set-type', 'start'])
  let refusals = 0
  fleet.calls.interfere = ({ act }) => {
    if (!isRefused.has(act) || refusals >= 10) return undefined
    refusals += 1
    return { how: 'fail' }
  }
  expect(await run(fleet)).toMatchObject({ state: 'undone' })
  expect(machineOf(fleet, 'n2')).toMatchObject({ state: 'running', type: 'm5.large' })
  expect(refusals).toBe(10)
})

test('a host that does not come back with its new type gets its former one, and its name', async () => {
  const fleet = resizeFleet()
  fleet.calls.afterwards = () => {}
  const host = fleet.host('n2')
  const machine = machineOf(fleet, 'n2')
  // As a kernel without the driver of the new type: the machine runs, and its host is not to be reached.
  let power = host.power
  Object.defineProperty(host, 'power', {
    get: () => (power === 'on' && machine.state === 'running' && machine.type === 'm5.xlarge' ? 'off' : power),
    set: (to) => {
      power = to
    },
  })
  expect(await run(fleet)).toMatchObject({ state: 'undone' })
  expect(machine).toMatchObject({ state: 'running', type: 'm5.large' })
  expect([isNamed(fleet, 'n2'), isStreaming(fleet.world, fleet.instance('demo on n2'))]).toEqual([true, true])
})

test('a host that comes back as no type is asked about: its machine runs, it stays out of its name, and resumed once it answers the resize is undone', async () => {
  const fleet = resizeFleet()
  const host = fleet.host('n2')
  let isDead = false
  let power = host.power
  Object.defineProperty(host, 'power', {
    get: () => (power === 'on' && isDead ? 'off' : power),
    set: (to) => {
      power = to
    },
  })
  const begun = fleet.clock.now().getTime()
  const { state, because, resume } = await run(fleet, {}, ({ act }) => {
    if (act === 'start') isDead = true
  })
  expect([state, machineOf(fleet, 'n2').state]).toEqual(['attention', 'running'])
  expect(because).toContain('the machine runs, and its host does not answer')
  expect(fleet.clock.now().getTime() - begun).toBeLessThan(6 * 3_600_000)
  expect([isNamed(fleet, 'n2'), isNamed(fleet, 'n3')]).toEqual([false, true])
  isDead = false
  expect(await resume()).toBe('undone')
  expect(machineOf(fleet, 'n2')).toMatchObject({ state: 'running', type: 'm5.large' })
  expect(standbyLaws(fleet)).toEqual(allHold)
})

test('a plan refuses a primary, a machine that is not known, one with others on it, and a type that does not fit, each with its reason', async () => {
  expect(await refusalOf(resizeFleet(), {}, 'demo on n1')).toContain('Switch over to another member first')
  const unknown = resizeFleet()
  unknown.host('n2').machine = null
  expect(await refusalOf(unknown)).toContain('No machine of a cloud account is tied to n2')
  expect(await refusalOf(resizeFleet(), { type: 'r6g.large' })).toContain('r6g.large is arm64')
  expect(await refusalOf(resizeFleet(), { type: 'm5.large' })).toContain('It is m5.large already')
  expect(await refusalOf(resizeFleet(), { type: 'm9.none' })).toContain('EC2 knows no type m9.none')
  const lent = resizeFleet()
  machineOf(lent, 'n2').publicAddress = lent.host('n2').server.address.address
  expect(await refusalOf(lent)).toContain('a public address that AWS takes back')
  const stopped = resizeFleet()
  machineOf(stopped, 'n2').state = 'stopping'
  expect(await refusalOf(stopped)).toBe('The machine is stopping.')
})

test('a name that only this standby stands in stays as it is, and the plan says so', async () => {
  const fleet = resizeFleet()
  fleet.instance('demo on n3').state = 'stopped'
  const { gates } = await planOf(fleet)
  expect(gates.find(({ name }) => name === 'names')).toMatchObject({ verdict: 'warn', because: expect.stringContaining(readers) })
})

test('a pooler on the machine is said to stop with it, with the operation that drains it', async () => {
  const fleet = resizeFleet({ poolers: ['n2'] })
  const { gates } = await planOf(fleet)
  expect(gates.find(({ name }) => name === 'poolers')).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('Use Drain on it first'),
  })
})
