import {
  beginAfter,
  type Changes,
  changesOf,
  type Event,
  endAfter,
  type Folding,
  flapSeconds,
  foldAcknowledged,
  foldEnd,
  foldReturn,
  type Told,
} from '@/lib/domain/notifications/fold'
import { concerns, type Wants } from '@/lib/domain/notifications/listen'
import { families, familyOf, type Incident, severityNames, type Trouble } from '@/lib/domain/notifications/trouble'
import { getPool } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'

/** What one look found. */
export interface Found {
  troubles: readonly Trouble[]
  /** What somebody has taken on: `kind`, `key` and environment of a trouble. */
  acknowledged: readonly { kind: string; key: string; environmentId: string | null }[]
}

interface KnownIncident extends Incident {
  isAcknowledged: boolean
}

interface Channel extends Wants {
  channel: string
}

interface NewDelivery {
  subscriptionId: string
  environmentId: string | null
  incident: Incident
  event: Event
  /** Seconds from now. */
  dueIn: number
}

const readKnown = async (client: Queryable): Promise<KnownIncident[]> => {
  const { rows } = await client.query<Record<string, unknown>>(
    `select id, kind, item_key as key, to_json(environment_ids) as "environmentIds", severity, headline, label, detail, href, remedy, since,
       began_at as "beganAt", ended_at as "endedAt", flaps, acknowledged_at is not null as "isAcknowledged"
     from incidents where ended_at is null or ended_at > now() - make_interval(secs => $1)`,
    [flapSeconds],
  )
  const iso = (at: unknown) => (at === null ? null : (at as Date).toISOString())
  return rows.map((row) => ({ ...row, since: iso(row.since), beganAt: iso(row.beganAt), endedAt: iso(row.endedAt) }) as KnownIncident)
}

const readChannels = async (client: Queryable): Promise<Channel[]> => {
  const { rows } = await client.query(
    `select id, environment_id as "environmentId", channel, is_paused as "isPaused", least_severity as "leastSeverity",
       tells_problems as problems, tells_approvals as approvals, tells_attention as attention, tells_certificates as certificates, tells_scheduled as scheduled
     from subscriptions`,
  )

  return rows.map((row) => ({ ...row, families: families.filter((family) => row[family]) }) as Channel)
}

/** Locked: a sender that would take one of them waits or has it already. */
const readTold = async (client: Queryable, incidentIds: readonly string[]): Promise<Map<string, Told[]>> => {
  const told = new Map<string, Told[]>(incidentIds.map((id) => [id, []]))
  if (incidentIds.length === 0) return told
  const { rows } = await client.query(
    `select id, incident_id as "incidentId", subscription_id as "subscriptionId", event, state,
       attempts > 0 or coalesce(claimed_until > now(), false) as "mayHaveArrived"
     from deliveries where incident_id = any($1) order by created_at, id for update`,
    [incidentIds],
  )
  for (const { incidentId, ...one } of rows) told.get(incidentId)!.push(one)
  return told
}

const insertIncidents = (client: Queryable, incidents: readonly Incident[]) =>
  client.query(
    `insert into incidents (id, kind, item_key, environment_ids, family, severity, headline, label, detail, href, remedy, since)
     select id, kind, key, array(select e::uuid from jsonb_array_elements_text("environmentIds") e), family, severity, headline, label, detail, href, remedy, since
     from jsonb_to_recordset($1::jsonb) as t(id uuid, kind text, key text, "environmentIds" jsonb, family text, severity int, headline text, label text,
       detail text, href text, remedy jsonb, since timestamptz)`,
    [JSON.stringify(incidents.map((one) => ({ ...one, family: familyOf(one.kind) })))],
  )

const updateIncidents = (client: Queryable, changed: Changes['changed'], hasReturned: boolean) =>
  client.query(
    `update incidents i set severity = t.severity, headline = t.headline, label = t.label, detail = t.detail, href = t.href, remedy = t.remedy, since = t.since,
       ended_at = null, flaps = i.flaps + $2::int
     from jsonb_to_recordset($1::jsonb) as t(id uuid, severity int, headline text, label text, detail text, href text, remedy jsonb, since timestamptz)
     where i.id = t.id`,
    [JSON.stringify(changed.map(({ incident, trouble }) => ({ ...trouble, id: incident.id }))), hasReturned ? 1 : 0],
  )

const insertDeliveries = (client: Queryable, deliveries: readonly NewDelivery[]) =>
  client.query(
    `insert into deliveries (subscription_id, environment_id, incident_id, event, severity, title, due_at)
     select "subscriptionId", "environmentId", "incidentId", event, severity, title, now() + make_interval(secs => "dueIn")
     from jsonb_to_recordset($1::jsonb) as t("subscriptionId" uuid, "environmentId" uuid, "incidentId" uuid, event text, severity text, title text, "dueIn" int)`,
    [
      JSON.stringify(
        deliveries.map(({ incident, ...one }) => ({
          ...one,
          incidentId: incident.id,
          severity: severityNames[incident.severity],
          title: `${incident.headline}: ${incident.label}`,
        })),
      ),
    ],
  )

/** Only what nobody can have received. */
const foldDeliveries = (client: Queryable, ids: readonly string[]) =>
  client.query(
    `update deliveries set state = 'folded', finished_at = now(), claimed_until = null where id = any($1) and state = 'waiting'`,
    [ids],
  )

/** jsonb takes no NUL. */
const storable = (trouble: Trouble): Trouble => JSON.parse(JSON.stringify(trouble).replaceAll('\\u0000', '')) as Trouble

/**
 * Looks, and writes down in one transaction what began and ended since the last look, and the messages that this takes: there is no trouble without them and no
 * message without its trouble. One worker at a time does so, for all; false: another one is at it. Throws `database.down`, and what `look` throws.
 */
export const noteTroubles = (look: () => Promise<Found>): Promise<boolean> =>
  inPgTransaction(async (client) => {
    const { rows } = await client.query<{ held: boolean }>(`select pg_try_advisory_xact_lock(hashtext('matriarch incidents')) as held`)
    if (!rows[0]!.held) return false
    const { troubles, acknowledged } = await look()
    const known = await readKnown(client)
    const changes = changesOf(known, troubles.map(storable))
    const channels = await readChannels(client)
    const taken = new Set(acknowledged.map(({ kind, key, environmentId }) => JSON.stringify([kind, key, environmentId])))
    const isTaken = ({ kind, key, environmentIds }: Trouble) => taken.has(JSON.stringify([kind, key, environmentIds[0] ?? null]))

    const began = changes.began.map((trouble): Incident => ({ ...trouble, id: crypto.randomUUID(), beganAt: '', endedAt: null, flaps: 0 }))
    const ended = new Set(changes.ended.map(({ id }) => id))
    const newlyTaken = known.filter((one) => one.endedAt === null && !ended.has(one.id) && !one.isAcknowledged && isTaken(one))
    const noLongerTaken = known.filter((one) => one.isAcknowledged && !isTaken(one))
    const back = noLongerTaken.filter((one) => one.endedAt === null && !ended.has(one.id))
    const told = await readTold(
      client,
      [...changes.ended, ...changes.returned.map(({ incident }) => incident), ...newlyTaken, ...back].map(({ id }) => id),
    )
    const toFold: string[] = []
    const toTell: NewDelivery[] = []
    const apply = (incident: Incident, event: Event, dueIn: number, { fold, tell }: Folding) => {
      toFold.push(...fold)
      for (const one of channels.filter(({ id }) => tell.includes(id)))
        toTell.push({ subscriptionId: one.id, environmentId: one.environmentId, incident, event, dueIn })
    }
    const listening = (trouble: Trouble) => channels.filter((one) => concerns(one, trouble)).map(({ id }) => id)

    for (const incident of began) apply(incident, 'begin', beginAfter(incident.severity, 0), { fold: [], tell: listening(incident) })
    for (const { incident, trouble } of changes.returned) {
      const flaps = incident.flaps + 1
      apply(
        { ...incident, ...trouble, flaps },
        'begin',
        beginAfter(trouble.severity, flaps),
        foldReturn(told.get(incident.id)!, listening(trouble)),
      )
    }
    for (const incident of changes.ended) apply(incident, 'end', endAfter(incident.flaps), foldEnd(incident, told.get(incident.id)!))
    for (const incident of back)
      apply(incident, 'begin', beginAfter(incident.severity, 0), foldReturn(told.get(incident.id)!, listening(incident)))
    for (const incident of newlyTaken) {
      const acknowledging = channels.filter(({ channel, isPaused }) => channel === 'pagerduty' && !isPaused).map(({ id }) => id)
      apply(incident, 'acknowledge', 0, foldAcknowledged(told.get(incident.id)!, acknowledging))
    }

    if (began.length > 0) await insertIncidents(client, began)
    if (changes.changed.length > 0) await updateIncidents(client, changes.changed, false)
    if (changes.returned.length > 0) await updateIncidents(client, changes.returned, true)
    if (ended.size > 0) await client.query('update incidents set ended_at = now() where id = any($1)', [[...ended]])
    await client.query('update incidents set acknowledged_at = case when id = any($1) then now() end where id = any($1) or id = any($2)', [
      newlyTaken.map(({ id }) => id),
      noLongerTaken.map(({ id }) => id),
    ])
    if (toFold.length > 0) await foldDeliveries(client, toFold)
    if (toTell.length > 0) await insertDeliveries(client, toTell)
    if (toFold.length + toTell.length > 0) await client.query(`select pg_notify('records', 'message')`)
    return true
  })

/** Trouble that no front page lists: moves of a primary that are not proven to have lost nothing, of the last days. */
export const unprovenMoves = async (): Promise<Trouble[]> => {
  const { rows } = await getPool().query(
    `select id, title, operation, verdict, because, environment_id, issued_at from certificates
     where verdict <> 'proven' and issued_at > now() - interval '3 days' order by issued_at`,
  )
  return rows.map((row) => ({
    kind: 'certificate',
    key: row.id,
    environmentIds: row.environment_id === null ? [] : [row.environment_id],
    severity: row.verdict === 'lost' ? 0 : 2,
    headline: row.verdict === 'lost' ? `A ${row.operation} lost commits` : `A ${row.operation} is not proven to have lost nothing`,
    label: row.title,
    detail: row.because,
    href: `/certificates/${row.id}`,
    remedy: null,
    since: (row.issued_at as Date).toISOString(),
  }))
}
