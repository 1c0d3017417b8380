import { type ManagersSeen, managedByOf, managersOf } from '@/lib/domain/managers/manager'
import { inPgTransaction } from '../pg/transaction'
import { tellFacts } from './observations'
import { keepConfigs } from './patroni-configs'

/** What a look at a host found of managers, or what its agent reported; `seen` null: it did not look. */
export interface ManagersFound {
  serverId: string
  at: string
  seen: ManagersSeen | null
  /** It was told the data directories as they are registered. An agent knows only what it found itself, which may be the same by another path. */
  isExact: boolean
}

interface MemberRow {
  id: string
  herd_id: string
  server_id: string
  data_directory: string
}

const readMembers = 'select id, herd_id, server_id, data_directory from instances where server_id = any($1::uuid[])'

/** The look's time decides, not its arrival. A row that nothing changed in is written only when it has grown old, so that a look stays cheap. */
const store = `with input as materialized (
    select * from jsonb_to_recordset($1::jsonb) as t(id uuid, at timestamptz, manager text, managers jsonb)
  ), mine as materialized (
    select i.id, i.manager as was from instances i join input t on t.id = i.id
    where t.at > coalesce(i.manager_seen_at, '-infinity')
      and ((i.manager, i.managers) is distinct from (t.manager, t.managers) or t.at > i.manager_seen_at + interval '20 s')
    order by i.id for no key update of i
  ), kept as (
    update instances i set manager = t.manager, managers = t.managers, manager_seen_at = t.at
    from input t join mine using (id) where i.id = t.id returning i.id, i.herd_id, i.manager is distinct from mine.was as is_news
  )
  select id, herd_id as "herdId", is_news as "isNews" from kept`

/** Nobody manages this directory, and somebody one that is not registered: they may be the same. */
const isAmbiguous = (seen: ManagersSeen, directory: string, members: readonly MemberRow[]): boolean =>
  managersOf(seen, directory).length === 0 &&
  seen.managers.some((one) => !members.some(({ data_directory }) => managersOf({ ...seen, managers: [one] }, data_directory).length > 0))

/** Who manages the instances of these servers, as one statement; what was learnt before stays where nobody looked. Throws `database.down`. */
export const keepManagers = async (found: readonly ManagersFound[]): Promise<void> => {
  const seen = new Map(
    found.flatMap((one) => (one.seen === null ? [] : [[one.serverId, { at: one.at, seen: one.seen, isExact: one.isExact }] as const])),
  )
  if (seen.size === 0) return
  await inPgTransaction(async (client) => {
    const { rows: members } = await client.query<MemberRow>(readMembers, [[...seen.keys()]])
    const looks = members.flatMap(({ id, server_id, data_directory }) => {
      const look = seen.get(server_id)!
      if (
        !look.isExact &&
        isAmbiguous(
          look.seen,
          data_directory,
          members.filter((one) => one.server_id === server_id),
        )
      )
        return []
      return [{ id, at: look.at, manager: managedByOf(look.seen, data_directory), managers: managersOf(look.seen, data_directory) }]
    })
    if (looks.length === 0) return
    await keepConfigs(
      client,
      members.flatMap(({ herd_id: herdId, server_id, data_directory }) => {
        const { at, seen: look } = seen.get(server_id)!
        const own = look.configs?.find(({ dataDirectory }) => dataDirectory === data_directory)
        return own === undefined ? [] : [{ herdId, at, config: own.config }]
      }),
    )
    const { rows } = await client.query<{ id: string; herdId: string; isNews: boolean }>(store, [
      JSON.stringify(looks).replaceAll('\\u0000', ''),
    ])
    const news = rows.filter(({ isNews }) => isNews)
    if (news.length > 0) await client.query('select herd_facts_members($1::uuid[])', [[...new Set(news.map(({ herdId }) => herdId))]])
    await tellFacts(
      client,
      rows.map(({ id }) => id),
    )
  })
}
