import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { databaseFault, getPool } from '../pg/client'
import { loginFault } from '../pg/own-login'

export interface SettingsView {
  /** What is wrong with the web process’s login of the database; null: nothing. */
  loginFault: string | null
  workers: { id: string; host: string; pid: number; jobs: number; startedAt: string; seenAt: string; isSeen: boolean }[]
  keys: { environmentId: string; state: 'current' | 'next'; publicKey: string; createdAt: string }[]
  groupGrants: { id: string; groupName: string; role: string; environmentId: string | null }[]
  leases: {
    name: string
    holder: string
    reason: string
    owner: string | null
    jobId: string | null
    runId: string | null
    acquiredAt: string
    expiresAt: string
  }[]
}

/** Only for administrators of the whole console. Throws `access.denied`. */
export const mustAdminister = (actor: Actor): void => {
  if (!mayIn(actor, 'setting.view', null))
    throw new Fault('access.denied', { because: 'Settings are for administrators of the whole console.' })
}

/** What the settings page shows of the database: nothing secret. Throws `access.denied`. */
export const settingsView = async (actor: Actor): Promise<SettingsView> => {
  mustAdminister(actor)
  const list = (body: string) => `(select coalesce(json_agg(x), '[]') from (${body}) x)`
  try {
    const { rows } = await getPool().query(
      `select ${list(`select id, host, pid, jobs, started_at as "startedAt", seen_at as "seenAt", seen_at > now() - interval '30 s' as "isSeen"
          from workers where seen_at > now() - interval '1 day' order by seen_at desc limit 100`)} as workers,
        ${list(`select k.environment_id as "environmentId", k.state, k.public_key as "publicKey", k.created_at as "createdAt"
          from console_keys k join environments e on e.id = k.environment_id where k.public_key <> '' order by e.position, lower(e.name), k.state`)} as keys,
        ${list(`select id, group_name as "groupName", role, environment_id as "environmentId"
          from grants where group_name is not null order by lower(group_name), role`)} as "groupGrants",
        ${list(`select l.name, l.holder, l.reason, l.owner, l.job_id as "jobId", j.run_id as "runId", l.acquired_at as "acquiredAt", l.expires_at as "expiresAt"
          from leases l left join jobs j on j.id = l.job_id where l.expires_at > now() order by l.acquired_at limit 200`)} as leases`,
    )
    return { ...rows[0], loginFault: await loginFault('web') }
  } catch (error) {
    throw databaseFault(error)
  }
}
