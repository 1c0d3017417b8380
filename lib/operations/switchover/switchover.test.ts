import { describe, expect, test } from 'vitest'
import { newFleet, planOf, roles, run, say } from '@/e2e/harness/twin/switchover'
import { heldIn, type MemoryFleet } from '@/lib/adapters/memory'
import { judgeMove } from '@/lib/domain/proof/certificate'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { switchover } from '.'
import { switchoverEvidence } from './evidence'
import { reportOfMove } from './report'

const nameNow = (fleet: MemoryFleet) => heldIn(fleet.zone('prod.test'), 'demo.prod.test')[0]?.values

test('the plan of a switchover reads as this snapshot says, and changes nothing', async () => {
  const fleet = newFleet()
  Object.assign(fleet.instance('demo on n1'), { clients: 7, activeTransactions: 2 })
  say(fleet, {
    clients: [{ user: 'shop', application: 'web', client: '10.0.0.9', count: 7 }],
    blockers: [
      {
        pid: 4711,
        database: 'shop',
        user: 'shop',
        application: 'web',
        client: '10.0.0.9',
        seconds: 4,
        query: 'update orders set paid = true',
      },
    ],
  })
  const plan = await planOf(fleet)
  expect(fleet.calls.made).toEqual([])
  await expect(`${JSON.stringify(plan, null, 2)}\n`).toMatchFileSnapshot('../__snapshots__/plans/switchover.txt')
})

test('what the last look offers: nothing while the primary is lost, nor without a candidate, nor in a split brain', () => {
  const offered = ['ready', 'lagging', 'stale', 'primary-lost', 'no-candidate', 'split-brain'].map(
    (verdict) => switchover.offered({ verdict }).verdict,
  )
  expect(offered).toEqual(['pass', 'pass', 'pass', 'refuse', 'refuse', 'refuse'])
})

test('a pause that leaves no time for the stop and the promotion is refused by the form, which names the field and what to choose; the longest that it takes leaves enough', () => {
  const said = (pauseSeconds: number) =>
    switchover.input.safeParse({ pauseSeconds }).error?.issues.map(({ path, message }) => [path, message])
  expect(said(5)).toBeUndefined()
  expect(said(6)).toEqual([
    [
      ['pauseSeconds'],
      'Pause clients for up to (seconds): choose 5 or less. Clients wait for 10 s at most, and the stop and the promotion need the rest.',
    ],
  ])
})

test('they change places there and back, the others and the name follow, and each move is proven', async () => {
  const fleet = newFleet()
  say(fleet, {})
  const there = await run(fleet)
  expect(there.state).toBe('done')
  expect(roles(fleet)).toEqual(['demo on n1 standby 2', 'demo on n2 primary 2', 'demo on n3 standby 2'])
  expect(nameNow(fleet)).toEqual(['n2.prod.test'])
  const evidence = switchoverEvidence(there.journal.lines, { jobId: 'job', runId: 'run', by: 'ada' })
  expect(evidence).toMatchObject({ operation: 'switchover', mode: 'planned', newPrimary: 'demo on n2' })
  expect(judgeMove(evidence!)).toMatchObject({ kind: 'proven' })
  const report = reportOfMove(there.journal.lines)!
  expect(report).toMatchObject({ state: 'done', fence: expect.stringContaining('carries standby.signal, proven on its host'), open: [] })
  expect(report.gapMs).not.toBeNull()
  expect(report.positions).toHaveLength(6)
  expect(report.steps.find(({ name }) => name === 'promote')).toMatchObject({ state: 'done' })
  expect(report.gates.filter(({ title }) => !title.includes(' '))).toEqual([])
  expect((await run(fleet, { candidate: 'demo on n1' })).state).toBe('done')
  expect(roles(fleet)).toEqual(['demo on n1 primary 3', 'demo on n2 standby 3', 'demo on n3 standby 3'])
  expect(nameNow(fleet)).toEqual(['n1.prod.test'])
  expect(fleet.world.violations).toEqual([])
})

test('a candidate that is cut off before its promotion: the old primary writes again, and nothing was moved', async () => {
  const fleet = newFleet()
  say(fleet, {})
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'checkpoint') fleet.instance('demo on n2').isCut = true
  }
  const { state } = await run(fleet)
  expect(state).toBe('undone')
  expect(roles(fleet)).toEqual(['demo on n1 primary 1', 'demo on n2 standby 1', 'demo on n3 standby 1'])
  expect(fleet.instance('demo on n1').state).toBe('running')
  expect(fleet.instance('demo on n2').slots).toEqual([])
  expect(nameNow(fleet)).toEqual(['n1.prod.test'])
})

test('a candidate whose host goes off while the primary stops: the old primary writes again and the clients go on within two seconds, however late the command that starts it says so, and a person is asked about the slots alone', async () => {
  const fleet = newFleet({ poolers: ['front'] })
  say(fleet, {})
  let lostAt = Number.POSITIVE_INFINITY
  let servedAt = Number.POSITIVE_INFINITY
  fleet.calls.interfere = ({ act }) => {
    if (act === 'stop as standby') {
      fleet.host('n2').power = 'off'
      lostAt = fleet.clock.now().getTime()
    }
    return act === 'start' ? fleet.clock.sleep(200).then(() => undefined) : undefined
  }
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'start') return fleet.clock.sleep(2_500)
    if (act === 'resume demo') servedAt = fleet.clock.now().getTime()
  }
  const { state, journal } = await run(fleet)
  expect(state).toBe('attention')
  expect(journal.lines.findLast((line) => line.kind === 'attention')).toMatchObject({
    because: expect.stringContaining('Create replication slots'),
  })
  expect(servedAt - lostAt).toBeLessThan(2_000)
  expect(fleet.pooler('demo pooler on front').databases.get('demo')).toMatchObject({
    isPaused: false,
    host: fleet.instance('demo on n1').inventory.address.host.address,
  })
  expect(fleet.instance('demo on n1')).toMatchObject({ state: 'running', hasStandbySignal: false, replaced: null })
  expect(nameNow(fleet)).toEqual(['n1.prod.test'])
})

test('a worker that somebody has overtaken at the pooler’s file writes it no more while the clients wait: it is taken back, and the file stays the other’s', async () => {
  const fleet = newFleet({ poolers: ['front'] })
  say(fleet, {})
  const pooler = fleet.pooler('demo pooler on front')
  const theirs = `${pooler.file!.text}; theirs\n`
  let isOvertaken = false
  fleet.calls.afterwards = ({ act }) => {
    if (act !== 'pause demo' || isOvertaken) return
    isOvertaken = true
    pooler.claimed += 1
    pooler.fences.set('', pooler.claimed)
    pooler.file!.text = theirs
  }
  const { state, journal } = await run(fleet)
  expect(state).toBe('undone')
  expect(journal.lines.find((line) => line.kind === 'failed')).toMatchObject({
    step: 'hand-over',
    because: expect.stringMatching(/token|newer/i),
  })
  expect(pooler.file!.text).toBe(theirs)
  expect(pooler.databases.get('demo')).toMatchObject({ isPaused: false })
  expect(roles(fleet)).toEqual(['demo on n1 primary 1', 'demo on n2 standby 1', 'demo on n3 standby 1'])
  expect(fleet.world.violations).toEqual([])
})

test('what was put off for days stands while the same member leads, whichever standby is the best one by then; not once another one leads', async () => {
  const fleet = newFleet()
  say(fleet, {})
  const was = await planOf(fleet)
  fleet.instance('demo on n3').failoverPriority = 200
  const is = await planOf(fleet)
  expect([was, is].map(({ now }) => now.find(({ label }) => label === 'Candidate')?.value)).toEqual(['demo on n2', 'demo on n3'])
  expect([is.lasting === was.lasting, is.digest === was.digest]).toEqual([true, false])
  expect((await run(fleet)).state).toBe('done')
  expect((await planOf(fleet)).lasting).not.toBe(was.lasting)
})

describe('refuses before it begins', () => {
  const reasonOf = async (prepare: (fleet: MemoryFleet) => void, raw: JsonObject = {}) => {
    const fleet = newFleet()
    say(fleet, {})
    prepare(fleet)
    return (await planOf(fleet, raw)).reason
  }
  const old = { pid: 4711, database: 'shop', user: 'ada', application: 'psql', client: 'socket', seconds: 95, query: 'lock table orders' }

  test('a primary that does not answer', async () => {
    const reason = await reasonOf((fleet) => {
      fleet.host('n1').power = 'off'
    })
    expect(reason).toContain('demo on n1 is unreachable: a switchover needs a primary that answers')
  })

  test('an old transaction, by pid, user, client and age, unless it may be cut', async () => {
    const withOld = (fleet: MemoryFleet) => say(fleet, { blockers: [old] })
    expect(await reasonOf(withOld)).toBe(
      '1 transaction older than 30 s: ada in shop (pid 4711, psql, from socket) for 1 min 35 s: lock table orders. Let them end, or choose cut.',
    )
    expect(await reasonOf(withOld, { blockers: 'cut' })).toBeNull()
    expect(await reasonOf(withOld, { blockerSeconds: 120 })).toBeNull()
  })

  test('commits that would wait for nobody on the new primary', async () => {
    const withNames = (names: string) => (fleet: MemoryFleet) => {
      fleet.instance('demo on n2').active.synchronous_standby_names = names
    }
    expect(await reasonOf(withNames('FIRST 1 (elsewhere)'))).toContain('Its commits would wait for ever')
    expect(await reasonOf(withNames('ANY 3 (*)'))).toContain('3 standbys must confirm each commit, and of its future standbys only n3, n1')
    expect(await reasonOf(withNames('ANY 1 (n1, n3)'))).toBeNull()
  })

  test('nothing where the new primary waits for the old one by its cluster_name: that is what it will follow as', async () => {
    const awaited = 'FIRST 1 (shop_one)'
    const named = (name: string) => (fleet: MemoryFleet) => {
      fleet.instance('demo on n2').active.synchronous_standby_names = awaited
      fleet.instance('demo on n1').active.cluster_name = name
    }
    expect(await reasonOf(named('shop_one'))).toBeNull()
    expect(await reasonOf(named('shop_two'))).toContain('Its commits would wait for ever')
  })

  test('nothing, but says which library the candidate does not load', async () => {
    const fleet = newFleet()
    say(fleet, { libraries: 'pg_stat_statements, auto_explain' }, { libraries: 'auto_explain' })
    const { reason, gates } = await planOf(fleet)
    expect(reason).toBeNull()
    expect(gates.find(({ name }) => name === 'libraries')).toMatchObject({
      verdict: 'warn',
      because: expect.stringContaining('demo on n2 does not load pg_stat_statements, and demo on n1 does'),
    })
  })

  test('a primary whose standbys lag', async () => {
    const reason = await reasonOf((fleet) => {
      for (const host of ['n2', 'n3']) fleet.instance(`demo on ${host}`).walBytes -= 3_000_000
    })
    expect(reason).toBe('demo on n2 is 2.86 MB behind; at most 1 MB is allowed.')
  })
})
