import { dropCluster, makeCluster } from '@/e2e/harness/daemons/cluster'
import { startSshd } from '@/e2e/harness/daemons/sshd'
import { makePostgres } from '@/lib/adapters/postgres'
import { openSsh } from '@/lib/adapters/ssh'
import { parametersContract } from './parameters-contract'

parametersContract('over SSH', async () => {
  const sshd = await startSshd()
  const ssh = openSsh({ keyFor: async () => sshd.privateKey })
  const postgres = makePostgres(ssh)
  const primary = await makeCluster(sshd, 'alpha')
  const standby = await makeCluster(sshd, 'beta', primary)
  return {
    ports: {
      read: { serverSettings: postgres.serverSettings.read, postgres: postgres.read },
      act: { serverSettings: postgres.serverSettings.act, postgres: postgres.act },
    },
    primary: primary.instance(),
    standby: standby.instance(),
    stop: async () => {
      postgres.close()
      await ssh.close()
      await dropCluster(standby)
      await dropCluster(primary)
      await sshd.stop()
    },
  }
})
