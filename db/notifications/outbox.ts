import type { Event } from '@/lib/domain/notifications/fold'
import type { QuietHours } from '@/lib/domain/notifications/quiet'
import type { Incident } from '@/lib/domain/notifications/trouble'
import { databaseFault, getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'

/** A worker that sends for a subscription has it for so long; each message has its own, shorter deadline. */
const claimSeconds = 180
const batchMax = 500

/** One message of the outbox, as its sender needs it. */
export interface DueDelivery {
  id: string
  event: Event
  severity: number
  attempts: number
  /** ISO times. */
  createdAt: string
  firstTriedAt: string | null
  digestId: string | null
  /** null: a test. */
  incident: Incident | null
  environments: string[]
}

/** A subscription whose messages are due, claimed for this sender. */
export interface Turn {
  subscriptionId: string
  name: string
  channel: string
  environmentId: string | null
  environmentName: string | null
  personId: string | null
  isPaused: boolean
  quiet: QuietHours | null
  isFailing: boolean
  /** ISO time. */
  lastDigestAt: string | null
  /** Messages of the last minute; a digest counts as one. */
  sentInLastMinute: number
  /** In the order to send them. */
  due: DueDelivery[]
  /** Of the database, ISO. */
  now: string
}

/** Over a delivery `d` of a subscription `s`. An end waits for its begin. */
const isDue = `d.subscription_id = s.id and d.state = 'waiting' and d.due_at <= now() and (not s.is_paused or d.event = 'test') and not exists (
      select from deliveries b where b.subscription_id = d.subscription_id and b.incident_id = d.incident_id and b.state = 'waiting'
        and b.created_at < d.created_at and b.due_at > now())`

const claim = `with turn as (
    select s.id from subscriptions s
    where (s.claimed_until is null or s.claimed_until < now()) and exists (select from deliveries d where ${isDue})
    order by s.last_sent_at nulls first, s.id limit 1 for update of s skip locked
  )
  update subscriptions s set claimed_until = now() + interval '${claimSeconds} s' from turn where s.id = turn.id
  returning s.id, s.name, s.channel, s.environment_id, (select e.name from environments e where e.id = s.environment_id) as environment_name, s.person_id,
    s.is_paused, s.quiet_from, s.quiet_until, s.quiet_zone, s.holds_critical, s.failing_since, s.last_digest_at, now() as now,
    (select count(distinct coalesce(d.digest_id, d.id))::int from deliveries d where d.subscription_id = s.id and d.state = 'sent'
       and d.event <> 'test' and d.finished_at > now() - interval '1 minute') as sent`

const take = `with mine as (
    select d.id from deliveries d join subscriptions s on s.id = $1 where ${isDue}
    order by d.event <> 'test', d.due_at, d.created_at limit ${batchMax} for update of d
  ), taken as (
    update deliveries d set claimed_until = now() + interval '${claimSeconds} s' from mine where d.id = mine.id returning d.*
  )
  select d.id, d.event, d.attempts, d.created_at as "createdAt", d.first_tried_at as "firstTriedAt", d.digest_id as "digestId",
    coalesce(i.severity, 3) as severity, case when i.id is not null then to_jsonb(i) end as incident,
    coalesce((select json_agg(e.name order by e.position, e.name) from environments e where e.id = any(i.environment_ids)), '[]') as environments
  from taken d left join incidents i on i.id = d.incident_id
  order by d.event <> 'test', d.due_at, d.created_at, d.id`

const iso = (at: unknown): string | null => (at === null || at === undefined ? null : new Date(at as string | Date).toISOString())

const incidentOf = (row: Record<string, unknown> | null): Incident | null =>
  row && {
    id: row.id as string,
    kind: row.kind as Incident['kind'],
    key: row.item_key as string,
    environmentIds: row.environment_ids as string[],
    severity: row.severity as Incident['severity'],
    headline: row.headline as string,
    label: row.label as string,
    detail: row.detail as string,
    href: row.href as string,
    remedy: row.remedy as Incident['remedy'],
    since: iso(row.since),
    beganAt: iso(row.began_at)!,
    endedAt: iso(row.ended_at),
    flaps: row.flaps as number,
  }

/** Claims one subscription that has messages due, and these; null: there is none that nobody else has. Give it back with `endTurn`. */
export const takeTurn = (): Promise<Turn | null> =>
  inPgTransaction(async (client) => {
    const { rows } = await client.query(claim)
    const [row] = rows
    if (!row) return null
    const { rows: due } = await client.query(take, [row.id])
    return {
      subscriptionId: row.id,
      name: row.name,
      channel: row.channel,
      environmentId: row.environment_id,
      environmentName: row.environment_name,
      personId: row.person_id,
      isPaused: row.is_paused,
      quiet:
        row.quiet_from === ''
          ? null
          : { from: row.quiet_from, until: row.quiet_until, zone: row.quiet_zone, holdsCritical: row.holds_critical },
      isFailing: row.failing_since !== null,
      lastDigestAt: iso(row.last_digest_at),
      sentInLastMinute: row.sent,
      due: due.map((one) => ({
        ...one,
        createdAt: iso(one.createdAt)!,
        firstTriedAt: iso(one.firstTriedAt),
        incident: incidentOf(one.incident),
      })),
      now: iso(row.now)!,
    }
  })

const run = async (text: string, values: unknown[]): Promise<void> => {
  try {
    await getPool().query(text, values)
  } catch (error) {
    throw databaseFault(error)
  }
}

/** The messages wait until then; no try of theirs is counted. */
export const holdDeliveries = (ids: readonly string[], until: string): Promise<void> =>
  run(`update deliveries set due_at = $2, claimed_until = null where id = any($1) and state = 'waiting'`, [ids, until])

/** Before it is sent: from here on it may have arrived, whatever becomes of this process. `digestId` null: by itself. */
export const noteAttempt = (ids: readonly string[], digestId: string | null): Promise<void> =>
  run(
    `update deliveries set attempts = attempts + 1, first_tried_at = coalesce(first_tried_at, now()), digest_id = $2 where id = any($1) and state = 'waiting'`,
    [ids, digestId],
  )

/** The destination took it. What waited for another attempt is due now. */
export const noteSent = (turn: Turn, ids: readonly string[], digestId: string | null, answer: string): Promise<void> =>
  inPgTransaction(async (client) => {
    await client.query(
      `update deliveries set state = 'sent', answer = $2, finished_at = now(), claimed_until = null where id = any($1) and state = 'waiting'`,
      [ids, answer],
    )
    await client.query(
      `update subscriptions set state = 'delivering', because = null, failing_since = null, last_sent_at = now(),
         last_digest_at = case when $2 then now() else last_digest_at end where id = $1`,
      [turn.subscriptionId, digestId !== null],
    )
    await client.query(
      `update deliveries set due_at = now() where subscription_id = $1 and state = 'waiting' and attempts > 0 and due_at > now() and not id = any($2)`,
      [turn.subscriptionId, ids],
    )
    await tell(client, turn.isFailing)
  })

/** It was not taken. `nextAt` null: it is given up; otherwise whatever else of this subscription is due waits until then as well. */
export const noteFailed = (turn: Turn, ids: readonly string[], answer: string, nextAt: string | null): Promise<void> =>
  inPgTransaction(async (client) => {
    await client.query(
      `update deliveries set answer = $2, due_at = coalesce($3::timestamptz, due_at), claimed_until = null,
         state = case when $3::timestamptz is null then 'given-up' else state end, finished_at = case when $3::timestamptz is null then now() end
       where id = any($1) and state = 'waiting'`,
      [ids, answer, nextAt],
    )
    await client.query(
      `update subscriptions set state = 'failing', because = $2, failing_since = coalesce(failing_since, now()) where id = $1`,
      [turn.subscriptionId, answer],
    )
    if (nextAt !== null)
      await client.query(
        `update deliveries set due_at = $2, claimed_until = null where subscription_id = $1 and state = 'waiting' and due_at < $2 and event <> 'test'`,
        [turn.subscriptionId, nextAt],
      )
    await tell(client, !turn.isFailing)
  })

type Client = Parameters<Parameters<typeof inPgTransaction>[0]>[0]

const tell = async (client: Client, isNews: boolean): Promise<void> => {
  await client.query(`select pg_notify('records', 'message')`)
  if (isNews) await client.query(`select pg_notify('records', 'subscription'), pg_notify('records', 'fleet')`)
}

/** Another sender may take it. */
export const endTurn = (turn: Turn): Promise<void> =>
  inPgTransaction(async (client) => {
    await client.query('update subscriptions set claimed_until = null where id = $1', [turn.subscriptionId])
    await client.query(`update deliveries set claimed_until = null where id = any($1) and state = 'waiting'`, [
      turn.due.map(({ id }) => id),
    ])
  })
