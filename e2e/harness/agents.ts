import { takeReport } from '@/app/api/_lib/ingest'
import { getPool } from '@/db/pg/client'
import { createEnrolmentKey, enrol } from '@/lib/auth/hosts'
import { systemActor } from '@/lib/kernel/access/access'
import { startDatabase } from './daemons/database'

/** Ids by name, `dev` and `prod`. */
export const environments: Record<string, string> = {}
let keys: Record<string, string> = {}
let sequence = 1

export const query = async <T extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<T[]> =>
  (await getPool().query(text, values)).rows as T[]
export const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no fault',
    (error) => error.code,
  )
/** An instance as an agent reports it. */
export const instance = (name: string, change: Record<string, unknown> = {}) => ({
  name,
  port: 5432,
  dataDirectory: `/var/lib/postgresql/15/${name}`,
  state: 'online',
  role: 'primary',
  version: '15.18',
  ...change,
})
export const enrolled = async (hostname: string, environment = 'prod', addresses: string[] = []) =>
  enrol(keys[environment]!, { hostname, addresses, agent: '1.0.0' }, null)
export const send = (token: string, report: unknown, change: { body?: Buffer; encoding?: string; age?: string; from?: string } = {}) =>
  takeReport({
    authorization: `Bearer ${token}`,
    encoding: change.encoding ?? null,
    age: change.age ?? null,
    from: change.from ?? null,
    body: async () => change.body ?? Buffer.from(JSON.stringify(report)),
  })
/** Numbers rise from one to the next. */
export const report = (hostname: string, ...instances: unknown[]) => ({
  agent: '1.0.0',
  sequence: sequence++,
  sentAt: Date.now() / 1000,
  host: { hostname, addresses: [] as string[], os: 'Debian', cpus: 2, load1: 1 },
  instances,
})

/** A database with two environments. Ends with what it answers. */
export const openConsole = async (): Promise<() => Promise<void>> => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  const database = await startDatabase()
  for (const name of ['dev', 'prod'])
    environments[name] = (await query<{ id: string }>('insert into environments (name) values ($1) returning id', [name]))[0]!.id
  return database.stop
}

/** Nothing registered, nothing discovered, and a fresh enrolment key for each environment. */
export const startAnew = async (): Promise<void> => {
  await query('truncate discovered_hosts, discovered_instances, discovery_rules, enrolment_keys, instances, servers, herds cascade')
  await query('delete from login_attempts')
  keys = {}
  for (const [name, environmentId] of Object.entries(environments)) {
    const wanted = { name, environmentId, expiresAt: new Date(Date.now() + 60_000), usesLeft: null }
    keys[name] = (await createEnrolmentKey(systemActor, wanted)).key
  }
}
