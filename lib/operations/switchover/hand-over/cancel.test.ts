import { expect, test } from 'vitest'
import { jobOf, newFleet, roles, say } from '@/e2e/harness/twin/switchover'
import type { PoolerClient } from '@/lib/ports'

const client = {
  user: 'app',
  database: 'demo',
  address: '10.0.0.9',
  port: 40_000,
  application: 'shop',
  remotePid: null,
} as Partial<PoolerClient>

/** A client holds its server until somebody has cancelled. */
const heldUp = async (isCancelRequested: (tries: number) => boolean) => {
  const fleet = newFleet({ poolers: ['front'] })
  say(fleet, {})
  const pooler = fleet.pooler('demo pooler on front')
  pooler.databases.get('demo')!.busy = [client as PoolerClient]
  let tries = 0
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'resume demo') tries += 1
  }
  const { on, journal } = await jobOf(
    fleet,
    { holdUps: 'retry', pauseTries: 5, pauseBackoffSeconds: 600, pauseSeconds: 1 },
    {
      isCancelRequested: () => {
        if (!isCancelRequested(tries)) return false
        pooler.databases.get('demo')!.busy = []
        return true
      },
      cancelRequestedBy: () => 'ada',
    },
  )
  const began = fleet.clock.now().getTime()
  return { fleet, journal, pooler, state: await on(), tookMs: fleet.clock.now().getTime() - began }
}

test('a cancel is heard between two tries to pause clients: no server is stopped, and every client is served', async () => {
  const { fleet, journal, pooler, state, tookMs } = await heldUp((tries) => tries > 0)
  expect(state).toBe('cancelled')
  expect(journal.lines.findLast((line) => line.kind === 'closed')).toMatchObject({ because: 'cancelled by ada' })
  expect(tookMs, 'it does not wait for the next try').toBeLessThan(60_000)
  expect(roles(fleet)).toEqual(['demo on n1 primary 1', 'demo on n2 standby 1', 'demo on n3 standby 1'])
  expect(fleet.instance('demo on n1').applied).not.toContain('stop fast')
  expect(pooler.databases.get('demo')).toMatchObject({ isPaused: false })
})

test('so is one while it waits for the next try', async () => {
  let asked = 0
  const { state, tookMs } = await heldUp((tries) => {
    if (tries > 0) asked += 1
    return asked > 20
  })
  expect(state).toBe('cancelled')
  expect(tookMs).toBeLessThan(60_000)
})
