import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dropCluster, makeCluster } from '@/e2e/harness/daemons/cluster'
import { runAsOwner } from '@/e2e/harness/daemons/owner'
import { startSshd } from '@/e2e/harness/daemons/sshd'
import { makeCopies } from '@/lib/adapters/copies'
import { makeHostWork } from '@/lib/adapters/hosts/host-work'
import { makePostgres } from '@/lib/adapters/postgres'
import { openSsh } from '@/lib/adapters/ssh'
import { copiesContract } from './copies-contract'

copiesContract('over SSH', async () => {
  const sshd = await startSshd()
  const ssh = openSsh({ keyFor: async () => sshd.privateKey, backOffMs: 100, backOffMaxMs: 500, keepaliveIntervalMs: 1000 })
  const postgres = makePostgres(ssh)
  const work = makeHostWork(ssh)
  const copies = makeCopies(ssh, work)
  const alpha = await makeCluster(sshd, 'alpha')
  alpha.configure('wal_log_hints = on\nwal_keep_size = 64MB')
  await alpha.ctl('restart')
  const beta = await makeCluster(sshd, 'beta', alpha)
  const { replication } = postgres
  const major = readFileSync(join(beta.data, 'PG_VERSION'), 'utf8').trim()
  return {
    ports: {
      read: { copies: copies.read, work: work.read, postgres: postgres.read, replication: replication.read },
      act: { copies: copies.act, work: work.act, postgres: postgres.act, replication: replication.act },
    },
    source: alpha.instance(),
    standby: { ...beta.instance(), major },
    following: {
      conninfo: { host: sshd.folder, port: String(alpha.port), user: sshd.user, application_name: 'beta' },
      slotName: 'beta',
    },
    write: async ({ port }) => {
      const sql = 'create table if not exists written (n int); insert into written values (1); checkpoint'
      await runAsOwner(sshd, 'psql -Xq -h "$1" -p "$2" -d postgres -c "$3"', sshd.folder, String(port), sql)
    },
    cutOff: async () => {
      await sshd.kill()
      return async () => void (await sshd.restart())
    },
    stop: async () => {
      postgres.close()
      await ssh.close()
      await dropCluster(beta)
      await dropCluster(alpha)
      await sshd.stop()
    },
  }
})
