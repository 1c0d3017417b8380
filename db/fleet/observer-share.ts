import { databaseFault, getPool } from '../pg/client'

/** What one observer looks after. Members of a herd are always together, so that they are looked at in the same moment. */
export interface ObserverShare {
  instances: { id: string; herdId: string; serverId: string }[]
  /** Servers whose environment keeps no samples. */
  unsampled: string[]
  /** Servers whose environment keeps no statements. */
  withoutStatements: string[]
  /** Servers whose environment does not want its health looked at. */
  withoutHealth: string[]
  /** Servers without an instance, which are only asked whether they answer. */
  idleServers: string[]
}

/**
 * Says that this observer is alive, and which share of the fleet is its own: the place of its id among all living ones. An observer that has not said so for
 * `ttlMs` is dead, and its share falls to the others. While they learn of one another two may look at the same instance, which does no harm.
 */
export const keepPresence = async (id: string, holder: string, ttlMs: number): Promise<{ index: number; of: number }> => {
  try {
    const { rows } = await getPool().query<{ name: string }>(
      `with dead as (delete from leases where name like 'observer:%' and expires_at < clock_timestamp() and token <> $1::uuid),
         mine as (
           insert into leases (name, token, holder, reason, expires_at)
           values ('observer:' || $1::uuid, $1::uuid, $2, 'looks after its share of the fleet', clock_timestamp() + $3 * interval '1 millisecond')
           on conflict (name) do update set expires_at = excluded.expires_at
         )
       select name from leases where name like 'observer:%' and expires_at >= clock_timestamp() and token <> $1::uuid`,
      [id, holder, ttlMs],
    )
    const names = [...rows.map(({ name }) => name), `observer:${id}`].sort()
    return { index: names.indexOf(`observer:${id}`), of: names.length }
  } catch (error) {
    throw databaseFault(error)
  }
}

/** The share falls to the others at once. */
export const endPresence = async (id: string): Promise<void> => {
  await getPool().query(`delete from leases where name = 'observer:' || $1::uuid`, [id])
}

/**
 * Herds on the same hosts fall to the same observer, so that each observer has connections to few hosts: a herd belongs where its first server belongs, in the
 * order of ids, which does not change with its primary.
 */
export const readShare = async ({ index, of }: { index: number; of: number }): Promise<ObserverShare> => {
  const isMine = (column: string) => `mod(abs(hashtext(${column}::text)::bigint), $2) = $1`
  try {
    const [instances, servers, leftOut] = await Promise.all([
      getPool().query(
        `select id, herd_id as "herdId", server_id as "serverId"
           from (select id, herd_id, server_id, min(server_id::text) over (partition by herd_id) as home from instances) i where ${isMine('home')}`,
        [index, of],
      ),
      getPool().query(
        `select id from servers s where ${isMine('s.id')} and not exists (select from instances i where i.server_id = s.id)`,
        [index, of],
      ),
      getPool().query<{ id: string; sampled: boolean; counted: boolean; asked: boolean }>(
        `select s.id, e.is_sampled as sampled, e.keeps_statements as counted, e.looks_at_health as asked from servers s join environments e on e.id = s.environment_id
           where not e.is_sampled or not e.keeps_statements or not e.looks_at_health`,
      ),
    ])
    return {
      instances: instances.rows,
      idleServers: servers.rows.map(({ id }) => id),
      unsampled: leftOut.rows.flatMap(({ id, sampled }) => (sampled ? [] : [id])),
      withoutStatements: leftOut.rows.flatMap(({ id, counted }) => (counted ? [] : [id])),
      withoutHealth: leftOut.rows.flatMap(({ id, asked }) => (asked ? [] : [id])),
    }
  } catch (error) {
    throw databaseFault(error)
  }
}
