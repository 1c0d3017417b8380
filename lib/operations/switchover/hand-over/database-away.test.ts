import { describe, expect, test } from 'vitest'
import { jobOf, newFleet, roles, say } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, MemoryJournal, settleDeadMen } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { failover } from '../../failover'

const awayMs = 42_000

/** Once this act has happened, the console's own database is away, and a person does something by hand meanwhile. */
const loseAfter = (fleet: MemoryFleet, journal: MemoryJournal, lostAfter: string, byHand?: (fleet: MemoryFleet) => void) => {
  const now = () => fleet.clock.now().getTime()
  let backAt: number | null = null
  fleet.calls.afterwards = ({ act }) => {
    if (backAt !== null || act !== lostAfter) return
    backAt = now() + awayMs
    byHand?.(fleet)
  }
  const untilBack = async () => {
    while (now() < (backAt ?? 0)) await fleet.clock.sleep(backAt! - now())
  }
  const open = journal.open.bind(journal)
  journal.open = () => {
    const port = open()
    return {
      ...port,
      append: (entries, firstSeq) => untilBack().then(() => port.append(entries, firstSeq)),
      confirmLease: () => untilBack().then(port.confirmLease),
    }
  }
  const { replace } = fleet.act.inventory
  fleet.act.inventory.replace = async (...args) => {
    if (now() < (backAt ?? 0)) throw new Fault('database.down', { isOver: true })
    await replace(...args)
  }
}

const promoteByHand = (title: string) => (fleet: MemoryFleet) => {
  const one = fleet.instance(title)
  Object.assign(one, { hasStandbySignal: false, timeline: 2, forks: [{ timeline: 1, bytes: one.walBytes }], walBytes: one.walBytes + 0x78 })
}
const startByHand = (fleet: MemoryFleet) =>
  Object.assign(fleet.instance('demo on n1'), { hasStandbySignal: false, ranAsStandby: false, state: 'running' })

const told = ({ lines }: MemoryJournal) => lines.flatMap((line) => (line.kind === 'waited' ? [line.tookMs] : []))

describe('the console’s own database is away for 42 s in a switchover', () => {
  const switchedOver = async (lostAfter: string, byHand?: (fleet: MemoryFleet) => void) => {
    const fleet = newFleet({ poolers: ['front'] })
    say(fleet, {})
    const job = await jobOf(fleet)
    loseAfter(fleet, job.journal, lostAfter, byHand)
    const state = await job.on()
    settleDeadMen(fleet.world)
    const { isPaused } = fleet.pooler('demo pooler on front').databases.get('demo')!
    expect([isPaused, fleet.world.violations]).toEqual([false, []])
    return { fleet, state, journal: job.journal, n1: fleet.instance('demo on n1') }
  }
  const asBefore = ['demo on n1 primary 1', 'demo on n2 standby 1', 'demo on n3 standby 1']

  test('after the clients were paused: the primary is never stopped, and the journal says how long the job waited', async () => {
    const { fleet, state, n1, journal } = await switchedOver('pause demo')
    expect([state, ...roles(fleet)]).toEqual(['undone', ...asBefore])
    expect(n1.applied.filter((act) => act.startsWith('stop'))).toEqual([])
    expect(told(journal)).toEqual([awayMs])
  })

  test('after the primary was stopped: nobody is promoted so late, and the old primary is primary again', async () => {
    const { fleet, state, n1, journal } = await switchedOver('stop as standby')
    expect([state, n1.state, ...roles(fleet)]).toEqual(['undone', 'running', ...asBefore])
    expect(told(journal)).toEqual([awayMs])
  })

  test('and a person has promoted another standby meanwhile: no second primary is made, and the question names it', async () => {
    const { state, n1, journal } = await switchedOver('stop as standby', promoteByHand('demo on n3'))
    expect([state, n1.state]).toEqual(['attention', 'stopped'])
    expect(journal.lines.findLast((line) => line.kind === 'attention')).toMatchObject({
      because: expect.stringContaining('demo on n3 takes writes, so demo on n1 is not made a primary beside it'),
    })
  })

  test('and a person has promoted a standby that the console cannot see: the old primary is not started either', async () => {
    const { state, n1 } = await switchedOver('stop as standby', (fleet) => {
      promoteByHand('demo on n3')(fleet)
      fleet.host('n3').power = 'cut'
    })
    expect([state, n1.state]).toEqual(['attention', 'stopped'])
  })

  test('and a person has started the old primary meanwhile: it stays the primary', async () => {
    const { fleet, state } = await switchedOver('stop as standby', startByHand)
    expect([state, ...roles(fleet)]).toEqual(['undone', ...asBefore])
  })
})

describe('the console’s own database is away for 42 s in a planned failover, between the fence and the promotion', () => {
  const failedOver = async (byHand?: (fleet: MemoryFleet) => void) => {
    const fleet = newFleet()
    const input = failover.input.parse({ canary: false }) as JsonObject
    const targetId = fleet.instance('demo on n1').inventory.herdId
    const { digest, reason } = await makeTargetPlan(failover, fleet.read, input, targetId, new AbortController().signal)
    expect(reason).toBeNull()
    const journal = new MemoryJournal(fleet.clock)
    loseAfter(fleet, journal, 'fence', byHand)
    const state = await drive(failover, { id: 'job', targetId, input, digest }, journal.open(), fleet, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested: () => false,
      clock: fleet.clock,
    })
    expect(fleet.world.violations).toEqual([])
    return { fleet, state, journal }
  }

  test('nobody did anything: the job goes on to its end', async () => {
    const { fleet, state, journal } = await failedOver()
    expect([state, roles(fleet)[1]]).toEqual(['done', 'demo on n2 primary 2'])
    expect(told(journal)).toEqual([awayMs])
  })

  test('a person has started the old primary meanwhile: nobody is promoted beside it', async () => {
    const { fleet, state } = await failedOver(startByHand)
    expect([state, ...roles(fleet)]).toEqual(['undone', 'demo on n1 primary 1', 'demo on n2 standby 1', 'demo on n3 standby 1'])
  })

  test('a person has promoted another standby, unseen by the console: nobody else is promoted', async () => {
    const { fleet, state } = await failedOver((fleet) => {
      promoteByHand('demo on n3')(fleet)
      fleet.host('n3').power = 'cut'
    })
    const [n1, n2] = ['demo on n1', 'demo on n2'].map(fleet.instance)
    expect([state, n1!.state, n2!.hasStandbySignal]).toEqual(['attention', 'stopped', true])
  })
})
