import { dropCluster, makeCluster } from '@/e2e/harness/daemons/cluster'
import { type PsqlSession, psqlSession } from '@/e2e/harness/daemons/psql-session'
import { startSshd } from '@/e2e/harness/daemons/sshd'
import { makePostgres } from '@/lib/adapters/postgres'
import { openSsh } from '@/lib/adapters/ssh'
import type { InstanceAddress } from '@/lib/ports'
import { activityContract } from './activity-contract'

activityContract('over SSH', async () => {
  const sshd = await startSshd()
  const ssh = openSsh({ keyFor: async () => sshd.privateKey })
  const postgres = makePostgres(ssh)
  const primary = await makeCluster(sshd, 'alpha')
  const standby = await makeCluster(sshd, 'beta', primary)
  const sessions: PsqlSession[] = []
  const begin = async ({ instanceId }: InstanceAddress, application: string) => {
    const cluster = instanceId === primary.instance().instanceId ? primary : standby
    const session = await psqlSession(sshd, cluster, application)
    sessions.push(session)
    return session
  }
  const setUp = await begin(primary.instance(), 'set-up')
  setUp.send('create table public.activity_contract (id int)')
  setUp.send('insert into public.activity_contract values (1)')
  setUp.send('commit')
  return {
    ports: {
      read: { activity: postgres.activity.read, postgres: postgres.read },
      act: { activity: postgres.activity.act, postgres: postgres.act },
    },
    primary: primary.instance(),
    standby: standby.instance(),
    begin,
    stop: async () => {
      for (const session of sessions) await session.close()
      postgres.close()
      await ssh.close()
      await dropCluster(standby)
      await dropCluster(primary)
      await sshd.stop()
    },
  }
})
