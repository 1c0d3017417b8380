import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { asLaunched } from '@/e2e/harness/launched-herd'
import { type Bench, openBench } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'

const names = ['over', 'later', 'held', 'kept'] as const
const anna = idOf('anna')

let bench: Bench
const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows
beforeAll(async () => {
  bench = await openBench(
    names.map((name) => ({ environment: name === 'held' ? 'prod' : 'dev', name, hosts: [`${name}-1`] })),
    'postgres',
  )
  await query(`insert into people (id, user_name) values ($1, 'anna')`, [anna])
  await query(`insert into grants (person_id, role) values ($1, 'dba')`, [anna])
  await query(`update environments set protection = 'confirm' where name = 'prod'`)
  for (const name of names) {
    await asLaunched(bench, name)
    await query(
      `update blueprints set expires_at = now() + $2::interval, is_protected = name = 'kept', expiry_person_id = $3 where name = $1`,
      [name, name === 'later' ? '1 hour' : '-1 min', anna],
    )
  }
  await bench.startWorker({ sweepEveryMs: 200 })
})
afterAll(() => bench?.close())

const stateOf = async (name: string) =>
  (
    await query(
      `select b.expiry_because as because, r.state, r.operation, r.actor_name as actor, r.reason from blueprints b left join runs r on r.id = b.expiry_run_id where b.name = $1`,
      [name],
    )
  )[0]

test('at its time a herd is torn down by a run in the name of who set it; one whose time comes later, one that is protected, and one where a person has to confirm stand', async () => {
  await expect.poll(() => stateOf('over'), { timeout: 60_000 }).toMatchObject({ state: 'done', operation: 'tear-down', actor: 'anna' })
  expect((await stateOf('over')).reason).toMatch(/^It expired at /)
  await expect.poll(async () => (await stateOf('held')).because, { timeout: 60_000 }).toMatch(/^prod is protected: /)
  for (const name of ['later', 'held', 'kept']) expect(await stateOf(name)).toMatchObject({ state: null })
  expect(await query(`select operation from runs where operation = 'tear-down'`)).toHaveLength(1)
}, 130_000)
