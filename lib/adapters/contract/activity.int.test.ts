import { startPair } from '@/e2e/harness/daemons/pair'
import { type PsqlSession, psqlSession } from '@/e2e/harness/daemons/psql-session'
import type { InstanceAddress } from '@/lib/ports'
import { activityContract } from './activity-contract'

activityContract('over SSH', async () => {
  const { sshd, postgres, primary, standby, stop } = await startPair()
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
  await setUp.settled()
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
      await stop()
    },
  }
})
