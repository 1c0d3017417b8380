import { describe, expect, test } from 'vitest'
import { heldIn, type MemoryFleet, MemoryJournal, memoryFleet, putRecords } from '@/lib/adapters/memory'
import { recordSet } from '@/lib/domain/dns/records'
import { formatLsn, parseLsn } from '@/lib/domain/values/lsn'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { failover } from '.'

const newFleet = (hosts = ['n1', 'n2', 'n3', 'n4']) => memoryFleet([{ environment: 'prod', name: 'demo', hosts, virtualHost: 'demo' }])
const herdId = (fleet: MemoryFleet) => fleet.instance('demo on n1').inventory.herdId

const planOf = (fleet: MemoryFleet, raw: JsonObject = {}) =>
  makeTargetPlan(failover, fleet.read, failover.input.parse(raw) as JsonObject, herdId(fleet), new AbortController().signal)

const run = async (fleet: MemoryFleet, raw: JsonObject = {}) => {
  const plan = await planOf(fleet, raw)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: herdId(fleet), input: failover.input.parse(raw) as JsonObject, digest: plan.digest }
  const go = () =>
    drive(failover, job, journal.open(), fleet, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested: () => false,
      clock: fleet.clock,
    })
  return { state: await go(), go, journal, plan, output: outputOf(journal) }
}
const outputOf = (journal: MemoryJournal) => (step: string) =>
  journal.lines.find((line) => line.kind === 'finished' && line.step === step) as { output: JsonObject } | undefined
const roles = (fleet: MemoryFleet) =>
  Object.fromEntries(
    [...fleet.world.instances.values()].map((one) => [
      one.inventory.address.host.hostname,
      `${one.state === 'running' ? '' : `${one.state} `}${one.hasStandbySignal ? `standby ${one.timeline}` : `primary ${one.timeline}`}`,
    ]),
  )
const followersOf = async (fleet: MemoryFleet, host: string) => {
  const probe = await fleet.read.postgres.probe(fleet.instance(`demo on ${host}`).inventory.address, { timeoutMs: 1000 })
  return probe.standbys.map((one) => one.applicationName).sort()
}
const nameNow = (fleet: MemoryFleet) => heldIn(fleet.zone('prod.test'), 'demo.prod.test')[0]?.values

describe('planned', () => {
  test('the candidate is the primary, the name points to it, the others and the old primary stream from it, and nothing is left to do', async () => {
    const fleet = newFleet()
    const { state, journal } = await run(fleet)
    expect(journal.lines.filter((line) => line.kind === 'failed')).toEqual([])
    expect(state).toBe('done')
    expect(roles(fleet)).toEqual({ n1: 'standby 2', n2: 'primary 2', n3: 'standby 2', n4: 'standby 2' })
    expect(nameNow(fleet)).toEqual(['n2.prod.test'])
    expect(await followersOf(fleet, 'n2')).toEqual(['n1', 'n3', 'n4'])
    expect(fleet.instance('demo on n1').replaced).toBeNull()
    expect(fleet.instance('demo on n1').slots, 'no slot holds WAL back for nobody').toEqual([])
    expect(fleet.world.violations).toEqual([])
  })

  test('an old primary whose host starts it by itself before its turn, fenced and following nobody, is put under the new one', async () => {
    const fleet = newFleet()
    fleet.calls.afterwards = ({ act }) => {
      if (act === 'promote') Object.assign(fleet.instance('demo on n1'), { state: 'running', upstreamId: null })
    }
    const { state } = await run(fleet)
    expect(state).toBe('done')
    expect(roles(fleet)).toEqual({ n1: 'standby 2', n2: 'primary 2', n3: 'standby 2', n4: 'standby 2' })
    expect(fleet.world.violations).toEqual([])
  })

  test('an old primary whose host starts it under the new one through a slot of long ago, which is gone, gets the right one', async () => {
    const fleet = newFleet()
    fleet.calls.afterwards = ({ act }) => {
      const old = { state: 'running' as const, upstreamId: fleet.instance('demo on n2').inventory.id, slotName: 'long_gone' }
      if (act === 'promote') Object.assign(fleet.instance('demo on n1'), old)
    }
    const { state } = await run(fleet)
    expect(state).toBe('done')
    expect(await followersOf(fleet, 'n2')).toEqual(['n1', 'n3', 'n4'])
    expect(fleet.world.violations).toEqual([])
  })

  test('names that point to the standbys are moved with their roles, once those follow', async () => {
    const fleet = newFleet()
    const [primaryName] = [...fleet.world.names.values()]
    const readers = {
      ...primaryName!,
      id: 'readers',
      title: 'readers.prod.test',
      type: 'A' as const,
      follows: 'standbys' as const,
      carries: 'address' as const,
    }
    fleet.world.names.set('readers', readers)
    const addressOf = (host: string) => fleet.host(host).server.address.address
    const standbys = (hosts: string[]) => recordSet('readers.prod.test', 'A', hosts.map(addressOf), 60)
    putRecords(fleet.zone('prod.test'), 'readers.prod.test', [standbys(['n2', 'n3', 'n4'])])
    const { state, journal } = await run(fleet)
    expect(state).toBe('done')
    expect(heldIn(fleet.zone('prod.test'), 'readers.prod.test')).toEqual([standbys(['n1', 'n3', 'n4'])])
    const finished = journal.lines.flatMap((line) => (line.kind === 'finished' ? [line.step] : []))
    expect(finished.indexOf('reader-names')).toBeGreaterThan(finished.indexOf('rejoin'))
  })

  test('and it can be failed back the same way', async () => {
    const fleet = newFleet()
    await run(fleet)
    const { state } = await run(fleet, { candidate: 'demo on n1' })
    expect(state).toBe('done')
    expect(roles(fleet)).toEqual({ n1: 'primary 3', n2: 'standby 3', n3: 'standby 3', n4: 'standby 3' })
    expect(nameNow(fleet)).toEqual(['n1.prod.test'])
  })

  test('a candidate that is cut off cannot replay the last record: everything is undone and the old primary takes writes again', async () => {
    const fleet = newFleet(['n1', 'n2'])
    const plan = await planOf(fleet)
    fleet.calls.afterwards = ({ act }) => {
      if (act === 'checkpoint') fleet.instance('demo on n2').isCut = true
    }
    expect(plan.reason).toBeNull()
    const { state } = await run(fleet)
    expect(state).toBe('undone')
    expect(roles(fleet)).toEqual({ n1: 'primary 1', n2: 'standby 1' })
    expect(fleet.instance('demo on n2').slots).toEqual([])
    expect(nameNow(fleet)).toEqual(['n1.prod.test'])
  })

  test('a standby that freezes meanwhile is parked by name and holds nobody up', async () => {
    const fleet = newFleet()
    fleet.calls.afterwards = ({ act }) => {
      if (act === 'promote') fleet.host('n4').power = 'frozen'
    }
    const { state, output } = await run(fleet)
    expect(state).toBe('done')
    expect(output('followers')!.output).toMatchObject({ followed: ['demo on n3'], parked: [{ title: 'demo on n4' }] })
  })

  test('DNS that refuses holds the job with both facts, everybody follows already, and going on finishes it', async () => {
    const fleet = newFleet(['n1', 'n2', 'n3'])
    fleet.zone('prod.test').refuses = 'REFUSED'
    const { state, journal, go } = await run(fleet)
    expect(state).toBe('attention')
    expect(await followersOf(fleet, 'n2')).toEqual(['n1', 'n3'])
    const asked = journal.lines.find((line) => line.kind === 'attention')
    expect(asked).toMatchObject({ because: expect.stringContaining('REFUSED') })
    expect(roles(fleet).n2).toBe('primary 2')
    fleet.zone('prod.test').refuses = null
    journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
    expect(await go()).toBe('done')
    expect(nameNow(fleet)).toEqual(['n2.prod.test'])
    expect(roles(fleet)).toEqual({ n1: 'standby 2', n2: 'primary 2', n3: 'standby 2' })
  })

  test('a name server that is down when the plan is made stands in nobody’s way until the promotion', async () => {
    const fleet = newFleet(['n1', 'n2'])
    fleet.zone('prod.test').host.power = 'off'
    const { state, plan } = await run(fleet)
    expect(plan.gates.find((gate) => gate.name === 'names-movable')?.verdict).toBe('warn')
    expect(state).toBe('attention')
    expect(roles(fleet).n2).toBe('primary 2')
  })

  test('a standby of a standby that is seen a record further is not taken before the one that follows the primary', async () => {
    const fleet = newFleet(['n1', 'n2', 'n3'])
    fleet.instance('demo on n3').upstreamId = fleet.instance('demo on n2').inventory.id
    const { probe } = fleet.read.postgres
    fleet.read.postgres.probe = async (address, options) => {
      const seen = await probe(address, options)
      return address.host.hostname === 'n3' ? { ...seen, receivedLsn: formatLsn(parseLsn(seen.receivedLsn!)! + 56n) } : seen
    }
    const plan = await planOf(fleet)
    expect(plan.reason).toBeNull()
    expect(plan.now.find(({ label }) => label === 'Candidate')?.value).toBe('demo on n2')
  })

  test('the candidate with the most WAL is taken; priority 0 is never taken; a named one may be', async () => {
    const fleet = newFleet()
    fleet.instance('demo on n2').failoverPriority = 0
    fleet.instance('demo on n4').failoverPriority = 200
    expect((await planOf(fleet)).now.find(({ label }) => label === 'Candidate')?.value).toBe('demo on n4')
    expect((await planOf(fleet, { candidate: 'demo on n3' })).gates.find(({ name }) => name === 'candidate')).toMatchObject({
      verdict: 'warn',
      because: expect.stringContaining('demo on n4 ranks higher'),
    })
    expect((await planOf(fleet, { candidate: 'demo on n2' })).reason).toContain('never')
  })
})

describe('emergency', () => {
  const powerOff = (fleet: MemoryFleet) => {
    fleet.host('n1').power = 'off'
    return fleet
  }

  test('without a fence and without a person’s word it is refused, and the estimated loss is said', async () => {
    const plan = await planOf(powerOff(newFleet()))
    expect(plan.reason).toMatch(/Nothing proves that demo on n1 is down.*Estimated loss: 0 B/)
    expect((await planOf(powerOff(newFleet()), { override: 'dem' })).reason).toContain('Nothing proves')
  })

  test('with the herd’s name typed the best standby is promoted, the others follow, and the old primary must not start as one', async () => {
    const fleet = powerOff(newFleet())
    const { state } = await run(fleet, { override: 'other, Demo' })
    expect(state).toBe('done')
    expect(roles(fleet)).toMatchObject({ n2: 'primary 2', n3: 'standby 2', n4: 'standby 2' })
    expect(nameNow(fleet)).toEqual(['n2.prod.test'])
    expect(fleet.instance('demo on n1').replaced).toMatchObject({ byId: fleet.instance('demo on n2').inventory.id, timeline: 2 })
    expect(fleet.instance('demo on n2').slots).not.toContain('n1')
  })

  test('a name server in the dead site delays the job, but no standby: clients that wait for a synchronous one are served', async () => {
    const fleet = powerOff(newFleet())
    fleet.zone('prod.test').host.power = 'off'
    const { state } = await run(fleet, { override: 'demo' })
    expect(state).toBe('attention')
    expect(await followersOf(fleet, 'n2')).toEqual(['n3', 'n4'])
  })

  test('a primary that only the console cannot reach is alive to its standbys: refused, whatever is typed', async () => {
    const fleet = newFleet()
    fleet.host('n1').power = 'frozen'
    expect((await planOf(fleet, { override: 'demo' })).reason).toMatch(/demo on n1 is alive: .*reaches demo on n1 and gets an answer/)
  })

  test('so is one that turns every standby away: only a server that lives can', async () => {
    const fleet = newFleet()
    fleet.host('n1').power = 'frozen'
    for (const host of ['n2', 'n3', 'n4']) fleet.host(host).passwords.clear()
    expect((await planOf(fleet, { override: 'demo' })).reason).toMatch(
      /^demo on n1 is alive: demo on n2 says that it reaches demo on n1, which turns it away: .*no password supplied; demo on n3 says/,
    )
  })

  test('one whose host answers and shows its process is not failed over from, whatever is typed', async () => {
    const fleet = newFleet()
    const { probe } = fleet.read.postgres
    fleet.read.postgres.probe = async (address, options) => {
      const seen = await probe(address, options)
      const because = 'The server runs (process 1000), but does not answer.'
      return address.host.hostname === 'n1' ? { ...seen, state: 'unknown', role: 'unknown', hasStandbySignal: false, because } : seen
    }
    expect((await planOf(fleet, { override: 'demo' })).reason).toBe(
      'PostgreSQL of demo on n1 runs, and may be writing: The server runs (process 1000), but does not answer. Stop it on its host, or power the host off, and make the plan again.',
    )
  })

  test('one that was heard just before its host went down is refused with how long to wait, and not once that is over', async () => {
    const fleet = newFleet()
    fleet.host('n1').power = 'off'
    const { probe } = fleet.read.postgres
    let heardSecondsAgo = 4.2
    fleet.read.postgres.probe = async (address, options) => {
      const seen = await probe(address, options)
      return seen.upstream === null
        ? seen
        : { ...seen, upstream: { ...seen.upstream, status: 'streaming', messageSecondsAgo: heardSecondsAgo } }
    }
    expect((await planOf(fleet, { override: 'demo' })).reason).toMatch(
      /demo on n1 may be alive: .*demo on n2 says that it heard from demo on n1 4 s ago.*make the plan again in 32 s/,
    )
    heardSecondsAgo = 30
    expect((await planOf(fleet, { override: 'demo' })).reason, 'an idle primary is heard every 30 s').toContain('may be alive')
    heardSecondsAgo = 35.5
    expect((await planOf(fleet, { override: 'demo' })).reason).toBeNull()
  })

  test('one that once left the herd and follows again on a timeline of its own is not taken: it lacks what was written since', async () => {
    const fleet = newFleet(['n1', 'n2', 'n3'])
    const { walBytes } = fleet.instance('demo on n1')
    Object.assign(fleet.instance('demo on n3'), {
      timeline: 2,
      forks: [{ timeline: 1, bytes: walBytes - 4096 }],
      walBytes: walBytes + 8192,
      upstreamId: null,
    })
    powerOff(fleet)
    const plan = await planOf(fleet, { override: 'demo' })
    expect(plan.reason).toBeNull()
    expect(plan.now.find(({ label }) => label === 'Candidate')?.value).toBe('demo on n2')
    expect((await planOf(fleet, { override: 'demo', candidate: 'demo on n3' })).reason).toBe(
      'demo on n3: It is on timeline 2, the herd on 1: it left that at 0/2FFF148, and lacks the 4 kB written up to 0/3000148.',
    )
    fleet.instance('demo on n3').forks = [{ timeline: 1, bytes: walBytes }]
    const fine = await planOf(fleet, { override: 'demo' })
    expect(fine.now.find(({ label }) => label === 'Candidate')?.value).toBe('demo on n3')
    expect(fine.now.find(({ label }) => label === 'Estimated loss')?.value).toBe('0 B')
  })

  test('a crashed primary on a host that answers is fenced by standby.signal, and no word is needed', async () => {
    const fleet = newFleet()
    fleet.instance('demo on n1').state = 'crashed'
    const { state, output } = await run(fleet)
    expect(state).toBe('done')
    expect(output('fence')!.output).toMatchObject({ hasStandbySignal: true })
    expect(roles(fleet)).toMatchObject({ n1: 'crashed standby 1', n2: 'primary 2' })
  })

  test('two that answer as primary, or one that answers while an emergency is asked for, are refused', async () => {
    const fleet = newFleet()
    expect((await planOf(fleet, { mode: 'emergency' })).reason).toContain('a planned failover loses nothing')
    Object.assign(fleet.instance('demo on n2'), { hasStandbySignal: false, timeline: 2 })
    expect((await planOf(fleet)).reason).toContain('End the split brain first')
  })
})
