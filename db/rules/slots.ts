import type { Queryable } from '../pg/transaction'

/** How many herds rules resize at once over the whole fleet where no limit says so. */
export const fleetDefault = 20
/** Of rules: their runs are told from a person's by their key. */
const ruleRuns = 'sizing:%'
const slotsLock = 7_305_001

/**
 * Why one more herd, with members in these regions, may not be resized by a rule now, as a sentence; null: it may. Counted are herds with a job of a rule's
 * run that has not ended; one that needs attention counts, so that what ails one does not spread. Within a transaction, which others that ask wait for.
 */
export const noSlot = async (client: Queryable, memberIds: readonly string[]): Promise<string | null> => {
  await client.query('select pg_advisory_xact_lock($1)', [slotsLock])
  const { rows } = await client.query<{ region: string; at_once: number; taken: number }>(
    `with busy as (
        select distinct j.herd_id, m.region from jobs j join runs r on r.id = j.run_id
          left join instances i on i.id = j.target_id left join machines m on m.server_id = i.server_id and m.tie = 'tied'
          where j.state in ('waiting', 'running', 'attention') and r.idempotency_key like $2
      ), bound as (
        select region, at_once from sizing_limits
        union all select '', $3 where not exists (select from sizing_limits where region = '')
      )
      select b.region, b.at_once, (select count(distinct herd_id)::int from busy where b.region = '' or busy.region = b.region) as taken
        from bound b where b.region = '' or b.region in (
          select m.region from instances i join machines m on m.server_id = i.server_id and m.tie = 'tied' where i.id = any($1))
        order by b.region`,
    [memberIds, ruleRuns, fleetDefault],
  )
  const full = rows.find(({ at_once, taken }) => taken >= at_once)
  if (!full) return null
  const where = full.region === '' ? 'the fleet' : full.region
  return `Rules resize ${full.taken} ${full.taken === 1 ? 'herd' : 'herds'} of ${where} already; the limit is ${full.at_once} at once.`
}
