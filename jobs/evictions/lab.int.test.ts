import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { openSpotStage, type SpotStage } from '@/e2e/harness/spot-stage'
import { startLoad, verify } from '@/lib/playground/lab/load-cli'
import { until } from '@/lib/playground/machine/processes'

let stage: SpotStage
beforeAll(async () => {
  stage = await openSpotStage()
}, 180_000)
afterAll(() => stage?.close())

test('AWS takes the primary’s spot machine under writers, who see no error and lose no commit, through a switchover inside the notice', async () => {
  const { lab } = stage
  const ledgerFile = lab.layout.at('ledger')
  const load = await startLoad(lab, 'app', { ledgerFile, writers: 4, through: ['front'] })
  await stage.evict('a', 30)
  await stage.untilSafe()
  // The machine goes for good, and the load goes on.
  await until('the machine to be gone', () => lab.hosts.mark('a') === undefined, { timeoutMs: 60_000 })
  const { acked, failed, unknown, longestWaitMs } = await load.stop()
  const { rows: runs } = await getPool().query(`select operation, state, actor_name from runs order by created_at`)
  const { rows: heard } = await getPool().query(
    `select extract(epoch from heard_at - (due_at - interval '30 s'))::float8 as seconds from evictions where kind = 'interruption' and source = 'agent'`,
  )
  console.info(`${acked} commits; the longest wait of a client was ${longestWaitMs} ms; the notice was known after ${heard[0]?.seconds} s.`)
  expect(runs.map(({ operation, state }) => `${operation} ${state}`)).toEqual(['switchover done', 'leave-names done'])
  expect({ failed, unknown }).toEqual({ failed: 0, unknown: 0 })
  expect(await verify(lab, 'app', ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
  // Half a second where nothing else works on the processors; what a machine that is gone would cost is ten times as long.
  expect(longestWaitMs).toBeLessThan(3_000)
}, 180_000)
