import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PromoteReadReplicaCommand, RDSClient, RebootDBInstanceCommand } from '@aws-sdk/client-rds'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import type { Lab } from '../lab/lab'
import { until } from '../machine/processes'
import { openCloud } from './cloud'

const region = 'eu-central-1'
const database = (host: string, source: string | null) => ({
  ...{ host, zone: `${region}a`, class: 'db.m5.large', storageGb: 20, cluster: 'shop', source },
})
const fleet = {
  ...testFleet({ shop: 'a > b' }),
  cloud: { environment: 'dev', machines: [] },
  databases: [database('a', null), database('b', 'a')],
}
const stateDirectory = mkdtempSync(join(tmpdir(), 'rds-'))
let lab: Lab
let close: (() => Promise<void>) | undefined
beforeAll(async () => {
  ;({ lab, close } = await startLab(fleet))
})
afterAll(async () => {
  await close?.()
  rmSync(stateDirectory, { recursive: true, force: true })
})

const sql = async (host: string, text: string) => (await lab.hosts.mustExec(host, ['psql', '-XAtqc', text])).trim()

test('a DB instance of the playground is a real server behind TLS, and a reboot and a promotion through RDS happen to it', async () => {
  const cloud = (await openCloud({ lab, fleet }, stateDirectory))!
  try {
    const { endpoint, keys, rds } = cloud.account
    const url = `host=${lab.host('b').address} user=${rds!.user} dbname=postgres sslmode=verify-full sslrootcert=/etc/rds-ca.pem`
    lab.hosts.writeFile('a', '/etc/rds-ca.pem', readFileSync(rds!.caFile, 'utf8'))
    const ask = `PGPASSWORD='${rds!.password}' psql '${url}' -XAtqc 'select ssl, pg_is_in_recovery() from pg_stat_ssl where pid = pg_backend_pid()'`
    expect((await lab.hosts.mustExec('a', ['bash', '-c', ask])).trim()).toBe('t|t')
    const client = new RDSClient({ region, endpoint, credentials: keys })
    const started = () => sql('b', 'select pg_postmaster_start_time()').catch(() => null)
    const before = await started()
    await client.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: 'b' }))
    await until('a newer postmaster', async () => ![before, null].includes(await started()), { timeoutMs: 30_000, everyMs: 300 })
    const promote = () =>
      client.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: 'b' })).then(
        () => true,
        () => false,
      )
    await until('RDS to be available again', promote, { timeoutMs: 30_000, everyMs: 500 })
    await until('the replica to take writes', async () => (await sql('b', 'select pg_is_in_recovery()').catch(() => 't')) === 'f', {
      timeoutMs: 30_000,
      everyMs: 300,
    })
  } finally {
    await cloud.stop()
  }
})
