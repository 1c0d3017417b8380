import { chownSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dropCluster, makeCluster } from '@/e2e/harness/daemons/cluster'
import { startPgbouncer } from '@/e2e/harness/daemons/pgbouncer'
import { startSshd } from '@/e2e/harness/daemons/sshd'
import { makeCanary } from '@/lib/adapters/canary'
import { makePoolers } from '@/lib/adapters/poolers'
import { makePostgres } from '@/lib/adapters/postgres'
import { openSsh } from '@/lib/adapters/ssh'
import { canaryContract } from './canary-contract'

/** Both members lie in one folder of one machine; each is reached through an sshd of its own. */
canaryContract('over SSH', async () => {
  const [sshd, beside] = await Promise.all([startSshd(), startSshd()])
  const keyFor = async (environmentId: string) => (environmentId === 'beside' ? beside : sshd).privateKey
  const ssh = openSsh({ keyFor, backOffMs: 10, backOffMaxMs: 100, keepaliveIntervalMs: 1000 })
  const folder = mkdtempSync(join(tmpdir(), 'mcanary-'))
  const [postgres, poolers, canary] = [makePostgres(ssh), makePoolers(ssh), makeCanary(ssh, folder)]
  const alpha = await makeCluster(sshd, 'alpha')
  const beta = await makeCluster(sshd, 'beta', alpha)
  const major = readFileSync(join(beta.data, 'PG_VERSION'), 'utf8').trim()
  const alphaHba = 'local all app scram-sha-256\nlocal all all peer\nlocal replication all peer\n'
  writeFileSync(join(alpha.data, 'pg_hba.conf'), alphaHba)
  await alpha.ctl('reload')
  const execute = (sql: string) =>
    postgres.act.execute(alpha.instance(), sql, {
      database: 'postgres',
      statementTimeoutMs: 10_000,
      rowsMax: 1,
      bytesMax: 1_000,
      onTransaction: async () => {},
    })
  await execute("create role app login password 'secret'")
  const backend = { folder: sshd.folder, database: 'postgres', user: 'app' }
  const bouncer = await startPgbouncer({ folder: sshd.folder, uid: sshd.uid, gid: sshd.gid, backend })
  const pooler = {
    poolerId: 'p',
    host: sshd.host(),
    socketDirectory: bouncer.folder,
    port: bouncer.port,
    configPath: bouncer.configPath,
  }
  const authFile = join(bouncer.folder, 'users')
  const own = (path: string, text: string) => {
    writeFileSync(path, text)
    chownSync(path, sshd.uid, sshd.gid)
  }
  const users = '"app" "secret"\n'
  own(authFile, users)
  own(
    bouncer.configPath,
    `[databases]\norders = host=${sshd.folder} port=${alpha.port} dbname=postgres\n\n[pgbouncer]\nlisten_addr =\nlisten_port = ${bouncer.port}\nunix_socket_dir = ${bouncer.folder}\nauth_type = scram-sha-256\nauth_file = ${authFile}\npool_mode = transaction\n`,
  )
  const limits = { timeoutMs: 30_000 }
  await poolers.act.reload(pooler, limits)
  const betaHba = join(beta.data, 'pg_hba.conf')
  const keys = join(beside.folder, 'authorized_keys')
  const cut = (which: typeof sshd) => async () => {
    await which.kill()
    return async () => void (await which.restart())
  }
  const { replication } = postgres
  return {
    ports: {
      read: { canary: canary.read, poolers: poolers.read, postgres: postgres.read, replication: replication.read },
      act: { canary: canary.act, poolers: poolers.act, postgres: postgres.act, replication: replication.act },
    },
    primary: alpha.instance(),
    standby: { ...beta.instance(beside.host({ environmentId: 'beside' })), major },
    pooler,
    database: 'postgres',
    authFile,
    password: 'secret',
    closePooler: async () => {
      own(authFile, '"app" "not it"\n')
      return async () => own(authFile, users)
    },
    refuseLogin: async () => {
      const before = readFileSync(betaHba, 'utf8')
      writeFileSync(betaHba, 'local all all reject\n')
      await beta.ctl('reload')
      return async () => {
        writeFileSync(betaHba, before)
        await beta.ctl('reload')
      }
    },
    refuseKey: async () => {
      renameSync(keys, `${keys}.away`)
      await beside.restart()
      return async () => renameSync(`${keys}.away`, keys)
    },
    freeze: async () => {
      const goOn = await beside.freeze()
      return async () => goOn()
    },
    cutOff: cut(beside),
    cutOffPooler: cut(sshd),
    stop: async () => {
      await canary.close()
      postgres.close()
      poolers.close()
      await ssh.close()
      await bouncer.stop()
      await dropCluster(beta)
      await dropCluster(alpha)
      await Promise.all([sshd.stop(), beside.stop()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
})
