import { databaseFault, getPool } from './client'
import type { Login } from './rights'

export interface OwnLogin {
  user: string
  /** It could change any row, also of the audit log: it owns the tables, or is a superuser. */
  isOwner: boolean
  /** Which process it may serve. */
  serves: Record<Login, boolean>
}

/** As whom this process talks to its database; null before the first migration. Throws `database.down`. */
export const readOwnLogin = async (): Promise<OwnLogin | null> => {
  try {
    const { rows } = await getPool().query<{ user: string; isOwner: boolean; isWeb: boolean; isWorker: boolean }>(
      `select current_user as "user", pg_has_role(c.relowner, 'MEMBER') as "isOwner",
         has_table_privilege('grants', 'INSERT') as "isWeb", has_table_privilege('settings', 'INSERT') as "isWorker"
       from pg_class c where c.oid = to_regclass('audit') and to_regclass('grants') is not null and to_regclass('settings') is not null`,
    )
    const [row] = rows
    return row ? { user: row.user, isOwner: row.isOwner, serves: { web: row.isWeb, worker: row.isWorker } } : null
  } catch (error) {
    throw databaseFault(error)
  }
}

/** What is wrong with the login that DATABASE_URL names for this process; null: nothing, or the database cannot be asked now. */
export const loginFault = async (login: Login): Promise<string | null> => {
  const own = await readOwnLogin().catch(() => null)
  if (own === null) return null
  if (own.isOwner)
    return `DATABASE_URL logs in as ${own.user}, who owns the console’s tables: whoever takes this process over can change any row, and the audit log. Let it log in as the ${login}’s own login (README, “Logins of the database”).`
  if (!own.serves[login])
    return `DATABASE_URL logs in as ${own.user}, who may not do what a ${login} process does. Let it log in as the ${login}’s own login (README, “Logins of the database”).`
  return null
}
