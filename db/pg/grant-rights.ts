import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import pg from 'pg'
import { type Login, type Right, rights, unnamed } from './rights'

const logins: readonly Login[] = ['web', 'worker']

/** Tables of the queue, where it is in this database. */
const queueSchema = 'bullmq'

/** Name of each login; null: there is none, and the one that migrates could not make it. */
export type LoginNames = Record<Login, string | null>

/** As PostgreSQL keeps a password, so that it stands in no statement and in no log of the server. */
const scramVerifier = (password: string, salt = randomBytes(16), rounds = 4096): string => {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, rounds, 32, 'sha256')
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${stored}:${keyed('Server Key').toString('base64')}`
}

const id = (name: string) => pg.escapeIdentifier(name)

const cannotCreate = '42501'

/** Makes the login that is missing. False: there is none, and this one may not make any. */
const ensureLogin = async (client: pg.Client, name: string): Promise<boolean> => {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [name])
  if (rowCount !== 0) return true
  try {
    await client.query('savepoint login')
    await client.query(`create role ${id(name)} login nosuperuser nocreatedb nocreaterole`)
    return true
  } catch (error) {
    if ((error as { code?: string }).code !== cannotCreate) throw error
    await client.query('rollback to savepoint login')
    return false
  }
}

interface Relation {
  name: string
  columns: string[]
}

const grantsOn = ({ name, columns }: Relation, login: string, { verbs, hidden = [], updates }: Right): string[] => {
  const grant = (verb: string, names: readonly string[] | null) =>
    `grant ${verb} ${names ? `(${names.map(id).join(', ')})` : ''} on ${id(name)} to ${id(login)}`
  return [
    `revoke all on ${id(name)} from ${id(login)}`,
    ...verbs.map((verb) => {
      if (verb === 'select' && hidden.length > 0)
        return grant(
          verb,
          columns.filter((column) => !hidden.includes(column)),
        )
      return grant(verb, verb === 'update' && updates ? updates : null)
    }),
  ]
}

const grantAll = async (client: pg.Client, names: LoginNames): Promise<void> => {
  const { rows: relations } = await client.query<Relation>(
    `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
       and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
     group by c.oid order by 1`,
  )
  const { rows: queue } = await client.query('select from pg_namespace where nspname = $1', [queueSchema])
  const { rows: at } = await client.query<{ database: string }>('select current_database() as database')
  const statements = ['revoke create on schema public from public']
  for (const login of logins) {
    const name = names[login]
    if (name === null) continue
    statements.push(`grant usage on schema public to ${id(name)}`, `grant usage on sequence lease_epoch to ${id(name)}`)
    for (const relation of relations) statements.push(...grantsOn(relation, name, rights[relation.name]?.[login] ?? unnamed))
    if (queue.length > 0)
      statements.push(
        // It adds many messages by way of temporary tables.
        `grant temporary on database ${id(at[0]!.database)} to ${id(name)}`,
        `grant usage on schema ${queueSchema} to ${id(name)}`,
        `grant select, insert, update, delete on all tables in schema ${queueSchema} to ${id(name)}`,
        `grant usage on all sequences in schema ${queueSchema} to ${id(name)}`,
      )
  }
  if (names.worker)
    statements.push(
      `grant execute on function samples_add(text, text, timestamptz, timestamptz), samples_hold(text), samples_drop(text, text) to ${id(names.worker)}`,
    )
  await client.query(statements.join(';\n'))
}

/**
 * Makes the logins of web and worker where it may, named after the owner of the tables (`matriarch_web`, `matriarch_worker`), and leaves them exactly the
 * rights that `rights.ts` gives. `passwords` are set where they are given. Safe to call again, also while the console runs. For the owner alone.
 */
export const grantRights = async (client: pg.Client, passwords: Partial<Record<Login, string>> = {}): Promise<LoginNames> => {
  const names: LoginNames = { web: null, worker: null }
  await client.query('begin')
  try {
    const { rows } = await client.query<{ owner: string }>(
      `select pg_get_userbyid(relowner) as owner from pg_class where oid = 'audit'::regclass`,
    )
    for (const login of logins) {
      const name = `${rows[0]!.owner}_${login}`
      if (!(await ensureLogin(client, name))) continue
      names[login] = name
      const password = passwords[login]
      if (password !== undefined) await client.query(`alter role ${id(name)} password ${pg.escapeLiteral(scramVerifier(password))}`)
    }
    await grantAll(client, names)
    await client.query('commit')
    return names
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}
