import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { sqlAsOwner } from '@/e2e/harness/daemons/owner'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { npmBinaries } from '@/lib/playground/start/embedded'
import type { Following, Probe } from '@/lib/ports'
import { openSsh, type Ssh } from '../ssh'
import { makePostgres, type Postgres } from './index'

/** The newest PostgreSQL there is, beside Debian's: the one that npm brought for the console's own database. It has no tools but initdb and pg_ctl. */
const binaries = npmBinaries()!
const quick = { timeoutMs: 20_000 }

let sshd: TestSshd
let ssh: Ssh
let postgres: Postgres
let primary: TestCluster
let standby: TestCluster

beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  postgres = makePostgres(ssh)
  primary = await makeCluster(sshd, 'gamma', undefined, binaries.directory)
  standby = await makeCluster(sshd, 'delta', primary, binaries.directory)
})
afterAll(async () => {
  postgres.close()
  await ssh.close()
  await dropCluster(standby)
  await dropCluster(primary)
  await sshd.stop()
})

const probe = (cluster: TestCluster) => postgres.read.probe(cluster.instance(), quick)
const until = async (cluster: TestCluster, isSo: (probe: Probe) => boolean, first = async () => {}): Promise<Probe> => {
  const endsAt = Date.now() + 60_000
  for (;;) {
    await first()
    const seen = await probe(cluster)
    if (isSo(seen)) return seen
    if (Date.now() > endsAt) throw new Error(`waited in vain: ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
const throughSlot = (slotName: string): Following => ({
  conninfo: { host: sshd.folder, port: String(primary.port), user: sshd.user, application_name: 'delta' },
  slotName,
})

test(`PostgreSQL ${binaries.major} is seen, followed, repointed by a reload, promoted, stopped and fenced as the one of Debian is`, async () => {
  const { read, act } = postgres.replication
  expect(await probe(primary)).toMatchObject({ state: 'online', role: 'primary', version: expect.stringMatching(`^${binaries.major}`) })
  for (const name of ['delta', 'delta_2']) await act.createSlot(primary.instance(), name, quick)
  expect(await read.dataDirectory(standby.instance(), quick)).toMatchObject({ state: 'cluster', major: binaries.major, isStandby: false })

  await act.follow(standby.instance(), throughSlot('delta'), quick)
  expect(await read.dataDirectory(standby.instance(), quick)).toMatchObject({ isStandby: true, following: throughSlot('delta') })
  await postgres.act.start(standby.instance(), quick)
  const streaming = (slotName: string) => (seen: Probe) => seen.upstream?.status === 'streaming' && seen.upstream.slotName === slotName
  const first = await until(standby, streaming('delta'))
  expect(first).toMatchObject({ role: 'standby', hasStandbySignal: true })
  expect((await until(primary, ({ standbys }) => standbys[0]?.state === 'streaming')).standbys).toMatchObject([
    { applicationName: 'delta', slotName: 'delta' },
  ])

  await act.follow(standby.instance(), throughSlot('delta_2'), quick)
  await postgres.act.reload(standby.instance(), quick)
  expect((await until(standby, streaming('delta_2'))).postmasterPid).toBe(first.postmasterPid)
  await until(primary, ({ slots }) => slots.some(({ name, isActive }) => name === 'delta' && !isActive))
  await act.dropSlot(primary.instance(), 'delta', quick)
  await expect(act.dropSlot(primary.instance(), 'delta_2', quick)).rejects.toMatchObject({ code: 'sql.failed' })

  await postgres.act.stop(primary.instance(), 'fast', quick)
  await act.follow(primary.instance(), null, quick)
  expect(await probe(primary)).toMatchObject({ hasStandbySignal: true })
  await act.promote(standby.instance(), quick)
  const leading = await until(standby, ({ role, timeline }) => role === 'primary' && timeline === 2)
  expect(leading.hasStandbySignal).toBe(false)
  expect(await read.history(standby.instance(), 2, quick)).toMatchObject([{ timeline: 1 }])
  await expect(act.promote(standby.instance(), quick)).rejects.toMatchObject({ code: 'shell.failed' })
})

test(`a slot that PostgreSQL ${binaries.major} invalidated for being idle retains nothing, though it still names the WAL it would need`, async () => {
  await postgres.replication.act.createSlot(standby.instance(), 'idle', quick)
  for (const statement of [`alter system set idle_replication_slot_timeout = '1s'`, 'select pg_reload_conf()'])
    await sqlAsOwner(sshd, standby, statement)
  const seen = await until(
    standby,
    ({ slots }) => slots.some(({ name, retainedBytes }) => name === 'idle' && retainedBytes === null),
    () => postgres.act.checkpoint(standby.instance(), quick),
  )
  expect(seen.slots).toContainEqual({ name: 'idle', kind: 'physical', isActive: false, retainedBytes: null })
  expect(await sqlAsOwner(sshd, standby, `select wal_status, restart_lsn is null from pg_replication_slots where slot_name = 'idle'`)).toBe(
    'lost|f',
  )
})
