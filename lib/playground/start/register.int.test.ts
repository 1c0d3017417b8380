import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { enrol } from '@/lib/auth/hosts'
import type { Lab } from '../lab/lab'
import { equipAgents } from './register'
import { seedFleet } from './seed'

const fleet = testFleet({}, { idleHosts: ['a', 'b'] })
/** Nothing listens there: hosts enrol when the test says so. */
const port = 1
let database: TestDatabase
let lab: Lab
let close: (() => Promise<void>) | undefined

beforeAll(async () => {
  ;[database, { lab, close }] = await Promise.all([startDatabase(), startLab(fleet)])
  await seedFleet(fleet, {})
})
afterAll(async () => {
  await close?.()
  await database?.stop()
})

const keyOn = async (host: string): Promise<string | null> => {
  const { stdout } = await lab.hosts.exec(host, ['cat', '/etc/matriarch/agent.env'])
  return /^MATRIARCH_ENROL_KEY='(.*)'$/m.exec(stdout)?.[1] ?? null
}
const enrolNow = async (host: string): Promise<void> => {
  const { token } = await enrol((await keyOn(host))!, { hostname: host, addresses: [], agent: '1.0.0' }, null)
  lab.hosts.writeFile(host, '/var/lib/postgresql/.matriarch/token', `${token}\n`, { mode: 0o600, owner: 'postgres' })
}
const equip = () => equipAgents({ lab, fleet, port })

test('hosts that cannot report get a key at the next start: new ones, one that lost its token, one the console forgot; a revoked one does not', async () => {
  await equip()
  expect(await keyOn('a')).toMatch(/^matenrol_/)
  await enrolNow('a')
  await enrolNow('b')
  await equip()
  expect([await keyOn('a'), await keyOn('b')]).toEqual([null, null])

  lab.dropAgentToken('a')
  await equip()
  expect([await keyOn('a'), await keyOn('b')]).toEqual([expect.stringMatching(/^matenrol_/), null])
  await enrolNow('a')
  expect((await getPool().query('select hostname from discovered_hosts order by 1')).rows).toEqual([{ hostname: 'a' }, { hostname: 'b' }])

  await getPool().query(`delete from discovered_hosts where hostname = 'b'`)
  await equip()
  expect([await keyOn('a'), await keyOn('b')]).toEqual([null, expect.stringMatching(/^matenrol_/)])
  expect(lab.agentToken('b')).toBeNull()

  await getPool().query(`update discovered_hosts set token_revoked_at = now() where hostname = 'a'`)
  lab.dropAgentToken('a')
  await equip()
  expect(await keyOn('a')).toBeNull()
})
