import { chownSync, writeFileSync } from 'node:fs'
import pg from 'pg'
import { startPgbouncer } from '@/e2e/harness/daemons/pgbouncer'
import { startPostgres } from '@/e2e/harness/daemons/postgres'
import { startSshd } from '@/e2e/harness/daemons/sshd'
import { makePoolers } from '@/lib/adapters/poolers'
import { openSsh } from '@/lib/adapters/ssh'
import { poolersContract } from './poolers-contract'

poolersContract('PgBouncer over SSH', async () => {
  const [postgres, sshd] = await Promise.all([startPostgres(), startSshd()])
  const backend = { folder: decodeURIComponent(postgres.connectionString.split('host=')[1]!), database: 'matriarch', user: 'matriarch' }
  const bouncer = await startPgbouncer({ folder: sshd.folder, uid: sshd.uid, gid: sshd.gid, backend })
  const ssh = openSsh({ keyFor: async () => sshd.privateKey, keepaliveIntervalMs: 1000, backOffMs: 100, backOffMaxMs: 500 })
  const poolers = makePoolers(ssh)
  const client = async (database: string, user: string) => {
    const one = new pg.Client({ host: bouncer.folder, port: bouncer.port, database, user })
    one.on('error', () => {})
    await one.connect()
    return one
  }
  return {
    ports: { read: { poolers: poolers.read }, act: { poolers: poolers.act } },
    pooler: { poolerId: 'p', host: sshd.host(), socketDirectory: bouncer.folder, port: bouncer.port, configPath: bouncer.configPath },
    leader: { instanceId: 'n1', title: 'orders on n1', address: backend.folder, port: 5432, socketDirectory: null },
    openTransaction: async () => {
      const one = await client('orders', backend.user)
      await one.query('begin')
      await one.query('select 1')
      return { commit: async () => void (await one.query('commit')), close: () => one.end() }
    },
    pauseWhole: async () => {
      await ssh.exec(
        sshd.host(),
        ['psql', '-h', bouncer.folder, '-p', String(bouncer.port), '-U', 'pgbouncer', 'pgbouncer', '-c', 'PAUSE'],
        {
          timeoutMs: 20_000,
        },
      )
    },
    edit: async (text) => {
      writeFileSync(bouncer.configPath, text)
      chownSync(bouncer.configPath, sshd.uid, sshd.gid)
    },
    cutOff: async () => {
      await sshd.kill()
      return async () => void (await sshd.restart())
    },
    stop: async () => {
      poolers.close()
      await ssh.close()
      await bouncer.stop()
      await sshd.stop()
      await postgres.stop()
    },
  }
})
