import { expect, test } from 'vitest'
import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { switchover } from '.'

type Said = { hba: string[]; extensions: string[]; unlogged: number }

/** What each server says of itself; the candidate is the one with standby.signal. */
const say = (fleet: MemoryFleet, primary: Said, candidate: Said) => {
  const other = fleet.world.sql
  fleet.world.sql = (instance, sql, isWriting) => {
    const { hba, extensions, unlogged } = instance.hasStandbySignal ? candidate : primary
    const answers: Record<string, unknown> = {
      databaseNames: ['postgres', 'shop'],
      unloggedTables: { unlogged, extensions },
      availableExtensions: extensions,
      hbaLines: hba,
    }
    const about = Object.keys(answers).find((one) => sql.includes(`"${one}"`))
    return about === undefined
      ? other(instance, sql, isWriting)
      : { columns: [about], rows: [[JSON.stringify(answers[about])]], rowCount: 1, isCut: false, command: 'SELECT', tookMs: 1 }
  }
}

const gatesOf = async (fleet: MemoryFleet) => {
  const herd = fleet.instance('demo on n1').inventory.herdId
  const input = switchover.input.parse({}) as JsonObject
  const { gates } = await makeTargetPlan(switchover, fleet.read, input, herd, new AbortController().signal)
  return Object.fromEntries(
    gates
      .filter(({ name }) => ['extensions', 'hba', 'unlogged'].includes(name))
      .map(({ name, verdict, because }) => [name, [verdict, because]]),
  )
}
const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] }])

test('a candidate that serves all that the primary serves raises no warning', async () => {
  const fleet = newFleet()
  const same = { hba: ['host all all 10.0.0.0 255.0.0.0 scram-sha-256'], extensions: ['plpgsql'], unlogged: 0 }
  say(fleet, same, same)
  expect(await gatesOf(fleet)).toEqual({ extensions: ['pass', null], hba: ['pass', null], unlogged: ['pass', null] })
})

test('clients that would be turned away, extensions that would be missing and tables that would be empty are named beforehand', async () => {
  const fleet = newFleet()
  say(
    fleet,
    { hba: ['host all all 10.0.0.0 255.0.0.0 scram-sha-256', 'local all all peer'], extensions: ['plpgsql', 'postgis'], unlogged: 2 },
    { hba: ['local all all peer'], extensions: ['plpgsql'], unlogged: 2 },
  )
  expect(await gatesOf(fleet)).toEqual({
    extensions: ['warn', expect.stringContaining('postgis: created in a database, and not installed on the host of demo on n2.')],
    hba: ['warn', expect.stringContaining('does not have “host all all 10.0.0.0 255.0.0.0 scram-sha-256”')],
    unlogged: ['warn', expect.stringContaining('2 tables of postgres, 2 tables of shop. They are empty on demo on n2')],
  })
})

test('what could not be read is not known, with the database that did not say, and stands in nobody’s way', async () => {
  const why = 'The database postgres on demo on n1 gave no answer.'
  expect(await gatesOf(newFleet())).toEqual({
    extensions: ['unknown', `Which extensions are installed could not be compared. ${why}`],
    hba: ['unknown', `pg_hba.conf could not be compared. ${why}`],
    unlogged: ['unknown', `Which tables are unlogged could not be read. ${why}`],
  })
})
