import { expect, test } from 'vitest'
import { newFleet, planOf } from '@/e2e/harness/twin/switchover'
import type { MemoryFleet } from '@/lib/adapters/memory'
import type { Readiness } from '../facts/readiness'

/** What each member says of its limits, by title. */
const limited = (connections: Record<string, number>): MemoryFleet => {
  const fleet = newFleet()
  const other = fleet.world.sql
  fleet.world.sql = (instance, sql, isWriting) => {
    if (!sql.includes('isReplayPaused')) return other(instance, sql, isWriting)
    const readiness: Readiness = {
      isReplayPaused: false,
      applyDelayMs: 0,
      limits: { max_connections: connections[instance.inventory.title]!, max_wal_senders: 10 },
      isArchivingFailing: false,
      preparedTransactions: 0,
      logicalSlots: [],
      awaitedSlots: [],
      walBytesMax: 2 ** 26,
    }
    return { columns: ['readiness'], rows: [[JSON.stringify(readiness)]], rowCount: 1, isCut: false, command: 'SELECT', tookMs: 1 }
  }
  return fleet
}
const gateOf = async (connections: Record<string, number>, name: string) =>
  (await planOf(limited(connections), { candidate: 'demo on n2' })).gates.find((one) => one.name === name)

test('a candidate with larger limits than its future standbys is a warning that names each of them, with what and what to do; one with lower limits is refused', async () => {
  const same = { 'demo on n1': 100, 'demo on n2': 100, 'demo on n3': 100 }
  expect(await gateOf(same, 'limits')).toMatchObject({ verdict: 'pass' })
  expect(await gateOf({ ...same, 'demo on n3': 130 }, 'limits')).toMatchObject({ verdict: 'pass' })
  expect(await gateOf({ ...same, 'demo on n2': 130 }, 'limits')).toMatchObject({
    verdict: 'warn',
    because:
      'demo on n1 has lower limits than demo on n2: max_connections 100 (needs 130); demo on n3 has lower limits than demo on n2: max_connections 100 (needs 130). A standby with lower limits than its primary stops replaying WAL and cannot be started again. Raise them there and restart it, before or right after.',
  })
  expect(await gateOf({ ...same, 'demo on n2': 90 }, 'settings')).toMatchObject({ verdict: 'refuse' })
})
