import pg from 'pg'
import { until } from '@/lib/playground/machine/processes'

/**
 * Where a worker is held. before: a step begins, or is found to be so already. after: its actions are done, and the journal does not say so yet. final: before
 * the journal says that there is no way back any more.
 */
export type HoldPoint = { herdId: string } & ({ when: 'before' | 'after'; step: string } | { when: 'final' })

export interface Holds {
  /** The next journal line of this kind waits in the database. */
  arm: (point: HoldPoint) => Promise<void>
  /** Resolves once a worker waits there. Throws when `isOver` first. */
  reached: (point: HoldPoint, isOver: () => Promise<boolean>) => Promise<void>
  /** The line is written, and nothing waits there any more. */
  release: () => Promise<void>
  /** The line is lost, as it is when its writer is dead; safe when nothing is held. */
  forget: () => Promise<void>
  close: () => Promise<void>
}

export const sayHold = (point: HoldPoint): string => (point.when === 'final' ? 'at the point of no return' : `${point.when} ${point.step}`)

const key = 727_001
const setupSql = `
create table if not exists scenario_holds (herd_id uuid not null, at text not null, step text);
-- As its owner: the worker's login knows nothing of holds.
create or replace function scenario_hold() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (
    select from scenario_holds h join jobs j on j.id = new.job_id and j.herd_id = h.herd_id
    where case h.at
      when 'before' then new.step = h.step and new.kind in ('intended', 'finished', 'left-out')
      when 'after' then new.step = h.step and new.kind in ('finished', 'left-out')
      else new.kind = 'marked' and new.data->'mark'->>'isPassed' = 'true'
    end
  ) then
    perform pg_advisory_xact_lock_shared(${key});
  end if;
  return new;
end $$;
create or replace trigger scenario_hold before insert on journal for each row execute function scenario_hold();`

/**
 * Stops a real worker at an exact point of a job without a word in the product: its journal line waits for a lock in the console’s own database. Its leases
 * cannot be renewed meanwhile, so a hold must not last longer than about ten seconds.
 */
export const openHolds = async (databaseUrl: string): Promise<Holds> => {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => {})
  await client.connect()
  await client.query(setupSql)
  const waiting = async (): Promise<number[]> => {
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and objid = $1 and not granted`,
      [key],
    )
    return rows.map(({ pid }) => pid)
  }
  const open = async () => {
    await client.query('delete from scenario_holds')
    await client.query('select pg_advisory_unlock_all()')
  }
  return {
    arm: async (point) => {
      await client.query('select pg_advisory_lock($1)', [key])
      await client.query('insert into scenario_holds values ($1, $2, $3)', [point.herdId, point.when, 'step' in point ? point.step : null])
    },
    reached: (point, isOver) =>
      until(
        `a worker to come to be held ${sayHold(point)}`,
        async () => {
          if ((await waiting()).length > 0) return true
          if (await isOver()) throw new Error(`The job ended and was never held ${sayHold(point)}.`)
          return false
        },
        { timeoutMs: 180_000 },
      ).then(() => {}),
    release: open,
    forget: async () => {
      const pids = await waiting()
      await client.query('delete from scenario_holds')
      for (const pid of pids) await client.query('select pg_terminate_backend($1)', [pid])
      await until('the held line to be gone', async () => (await waiting()).length === 0, { timeoutMs: 20_000 })
      await open()
    },
    close: () => client.end(),
  }
}
