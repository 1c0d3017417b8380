import pg from 'pg'
import type { Stack } from './stack'

const within = async <T>({ facts }: Stack, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: facts.databaseUrl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The next time of a sizing rule becomes this minute, or the last before those that it has decided: each minute is decided once. */
export const letRuleComeDue = (stack: Stack, ruleId: string): Promise<unknown> =>
  within(stack, (client) =>
    client.query(
      `update sizing_rules set next_at = at, next_occurrence = at, schedules = to_char(at at time zone 'UTC', 'MI HH24 DD MM') || ' *', zone = 'UTC'
        from (select least(date_trunc('minute', clock_timestamp()), min(occurrence) - interval '1 minute') as at from sizing_decisions where rule_id = $1) t where id = $1`,
      [ruleId],
    ),
  )

/** What a machine became last, and the run that made it so, happened so many hours earlier. Nobody looked at it before. */
export const letHoursPass = (stack: Stack, machine: string, hours: number): Promise<unknown> =>
  within(stack, async (client) => {
    await client.query('delete from machine_spans where title = $1 and not is_open', [machine])
    const earlier = `- $2 * interval '1 hour'`
    await client.query(`update machine_spans set from_at = from_at ${earlier} where title = $1`, [machine, hours])
    await client.query(
      `update jobs set created_at = created_at ${earlier}, started_at = started_at ${earlier}, finished_at = finished_at ${earlier}
        where operation = 'resize' and state = 'done' and target_id in (select i.id from instances i join servers s on s.id = i.server_id where s.hostname = $1)`,
      [machine, hours],
    )
  })
