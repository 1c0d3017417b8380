import type { ReadPorts } from '@/lib/ports'
import { tryJson } from './ask-json'
import type { Place } from './instance'

/** Databases that are looked into. */
const databasesMax = 20
const bytesMax = 200_000

const databasesSql = `select json_agg(datname order by datname)::text as "databaseNames" from (
  select datname from pg_database where datallowconn and not datistemplate order by datname limit ${databasesMax}) as chosen`

const contentsSql = `select json_build_object(
  'unlogged', (select count(*) from pg_class where relpersistence = 'u' and relkind in ('r', 'm')),
  'extensions', (select coalesce(json_agg(extname), '[]') from pg_extension))::text as "unloggedTables"`

type Contents = { unlogged: number; extensions: string[] }

/** By database; a text: which one did not say, and why. */
export type HerdContents = (Contents & { database: string })[] | string

/** What each database holds. A standby tells the same as its primary. */
export const contentsOf = async (ports: ReadPorts, member: Place, signal: AbortSignal): Promise<HerdContents> => {
  const databases = await tryJson<string[]>(ports, member, databasesSql, { database: 'postgres', bytesMax, signal })
  if (typeof databases === 'string') return databases
  const each = await Promise.all(
    databases.map(async (database) => {
      const contents = await tryJson<Contents>(ports, member, contentsSql, { database, bytesMax, signal })
      return typeof contents === 'string' ? contents : { database, ...contents }
    }),
  )
  const why = each.filter((one) => typeof one === 'string')
  return why.length > 0 ? why.join(' ') : each.filter((one) => typeof one !== 'string')
}
