import { makePostgres } from '@/lib/adapters/postgres'
import { openSsh } from '@/lib/adapters/ssh'
import { dropCluster, makeCluster } from './cluster'
import { startSshd } from './sshd'

/** A primary and its standby behind a real sshd, and the adapters that reach them. `stop` ends all of it. */
export const startPair = async () => {
  const sshd = await startSshd()
  const ssh = openSsh({ keyFor: async () => sshd.privateKey })
  const postgres = makePostgres(ssh)
  const primary = await makeCluster(sshd, 'alpha')
  const standby = await makeCluster(sshd, 'beta', primary)
  const stop = async () => {
    postgres.close()
    await ssh.close()
    await dropCluster(standby)
    await dropCluster(primary)
    await sshd.stop()
  }
  return { sshd, postgres, primary, standby, stop }
}
