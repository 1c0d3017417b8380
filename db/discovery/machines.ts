import { type Difference, type DriftField, type RecordedMachine, takenFields, takeOver } from '@/lib/domain/machines/drift'
import { type Actor, allowance, mayIn, type Permission } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { isSameJson, type Json } from '@/lib/kernel/ground/json'
import type { InboxMachine } from '@/lib/shapes/inbox'
import { judgeMachine, lockMachine, seenOf } from '../fleet/machine-drift'
import { databaseFault, getPool, notify, type Tx } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'
import { writeAudit } from '../trail/audit'
import { writeChange } from '../trail/changes'

const listedMax = 200

/** What is not theirs to tie or to register any more. */
const over = `('gone', 'terminated', 'shutting-down', 'deleting')`
const waits = `tie <> 'tied' and not is_ignored and state not in ${over} and (kind = 'ec2' or private_address is not null)`

const environmentsOf = (actor: Actor, permission: Permission): readonly string[] | null => {
  const allowed = allowance(actor, permission)
  return allowed === 'all' ? null : allowed === 'none' ? [] : allowed.environmentIds
}

/** Machines and DB instances that are no server's and that nobody ignores, by title; those of environments whose machines the actor may see. */
export const waitingMachines = async (actor: Actor): Promise<{ machines: InboxMachine[]; total: number }> => {
  const environmentIds = environmentsOf(actor, 'machine.view')
  try {
    const { rows } = await getPool().query<InboxMachine & { total: number }>(
      `select id, title, kind, type, zone, state, tie, environment_id as "environmentId", addresses, herd_name as "herdByTags", count(*) over ()::int as total
        from machines where ${waits} and ($1::uuid[] is null or environment_id = any($1)) order by title, id limit ${listedMax}`,
      [environmentIds],
    )
    return { machines: rows.map(({ total: _, ...row }) => row), total: rows[0]?.total ?? 0 }
  } catch (error) {
    throw databaseFault(error)
  }
}

/**
 * What the console holds a machine to be (null: nothing), and the number of its AWS account (null: not known). Throws `record.missing` where the actor may not
 * see it.
 */
export const machineRecord = async (actor: Actor, id: string): Promise<{ recorded: RecordedMachine | null; awsAccount: string | null }> => {
  try {
    const { rows } = await getPool().query<{ recorded: RecordedMachine | null; awsAccount: string | null }>(
      `select m.recorded, a.aws_account as "awsAccount" from machines m join cloud_accounts a on a.id = m.account_id
        where m.id = $1 and ($2::uuid[] is null or m.environment_id = any($2))`,
      [id, environmentsOf(actor, 'machine.view')],
    )
    if (!rows[0]) throw new Fault('record.missing')
    return rows[0]
  } catch (error) {
    throw databaseFault(error)
  }
}

type Locked = NonNullable<Awaited<ReturnType<typeof lockMachine>>>

/** One machine, changed by a person and compared anew. Throws `record.missing` where they may not see it, `access.denied`. */
const changing = <T>(actor: Actor, id: string, work: (row: Locked, client: Queryable, tx: Tx) => Promise<T>): Promise<T> =>
  inPgTransaction(async (client, tx) => {
    const row = await lockMachine(client, id)
    if (row === null || !mayIn(actor, 'machine.view', row.environment_id)) throw new Fault('record.missing')
    if (!mayIn(actor, 'machine.change', row.environment_id))
      throw new Fault('access.denied', { because: 'You do not have the permission machine.change here.' })
    return work(row, client, tx)
  })

const note = async (
  tx: Tx,
  actor: Actor,
  row: Locked,
  act: 'machine.tie' | 'machine.record',
  fields: Record<string, [Json, Json]>,
): Promise<void> => {
  const about = { resource: 'machine', objectId: row.id, title: row.title, environmentId: row.environment_id }
  await writeChange(tx, actor, { ...about, act: 'change', fields })
  await notify(tx, 'records', 'machine')
  await writeAudit(tx, actor, { ...about, act, detail: fields })
}

/**
 * Says which registered server of its environment a machine is, whatever its addresses; null: its addresses say so again. A server is one machine: throws
 * `record.in-use` where another is tied to it by hand. Throws `record.missing`, `access.denied`, `input.invalid`.
 */
export const tieMachine = (actor: Actor, id: string, serverId: string | null): Promise<void> =>
  changing(actor, id, async (row, client, tx) => {
    if (serverId !== null) await mustBeFree(actor, row, client, serverId)
    const { rows } = await client.query<{ hand_server_id: string | null }>('select hand_server_id from machines where id = $1', [id])
    const before = rows[0]?.hand_server_id ?? null
    if (before === serverId) return
    // Untied, it waits for the next sweep, which looks at its addresses.
    await client.query(
      `update machines set hand_server_id = $2, server_id = $2, tie = case when $2::uuid is null then 'untied' else 'tied' end, is_ignored = false,
         recorded = case when $2::uuid is null then null else recorded || jsonb_build_object('serverId', $2::text) end,
         recorded_at = case when $2::uuid is not null then recorded_at end, recorded_by = case when $2::uuid is not null then recorded_by end,
         changed_at = now(), revision = revision + 1 where id = $1`,
      [id, serverId],
    )
    await client.query(
      `update machines set server_id = null, tie = 'untied' where server_id = $2 and id <> $1 and hand_server_id is null`,
      [id, serverId],
    )
    await judgeMachine(client, id)
    await note(tx, actor, row, 'machine.tie', { handServerId: [before, serverId] })
  })

const mustBeFree = async (actor: Actor, row: Locked, client: Queryable, serverId: string): Promise<void> => {
  const invalid = (message: string) => new Fault('input.invalid', { because: message, fields: [{ path: 'serverId', message }] })
  if (['gone', 'terminated', 'shutting-down', 'deleting'].includes(row.state))
    throw new Fault('input.invalid', { because: `${row.title} is ${row.state}: there is nothing left to tie.` })
  const { rows } = await client.query<{ environment_id: string; hostname: string; other: string | null }>(
    `select s.environment_id, s.hostname, (select o.title from machines o where o.hand_server_id = s.id and o.id <> $2
        and o.state not in ${over} limit 1) as other from servers s where s.id = $1 for update of s`,
    [serverId, row.id],
  )
  const [server] = rows
  if (server === undefined || server.environment_id !== row.environment_id || !mayIn(actor, 'server.view', server.environment_id))
    throw invalid('Choose a server of the machine’s environment.')
  if (server.other !== null)
    throw new Fault('record.in-use', { because: `${server.hostname} is tied to ${server.other} by hand. Untie that machine first.` })
}

/**
 * Records what the cloud says of these fields, as the caller read it: throws `record.conflict` where it says something else by now. Throws `record.missing`,
 * `access.denied`, `input.invalid` for a field that does not differ or has no record.
 */
export const recordMachine = (actor: Actor, id: string, wanted: readonly Pick<Difference, 'field' | 'cloud'>[]): Promise<void> =>
  changing(actor, id, async (row, client, tx) => {
    const taken: Record<string, [Json, Json]> = {}
    const fields: DriftField[] = []
    for (const { field, cloud } of wanted) {
      const found = row.differences.find((one) => one.field === field)
      if (found === undefined || !isSameJson(found.cloud, cloud))
        throw new Fault('record.conflict', {
          because: `The cloud no longer says this of the ${field} of ${row.title}. Nothing was recorded: look at it again.`,
        })
      if (row.recorded === null || !(takenFields as readonly DriftField[]).includes(field))
        throw new Fault('input.invalid', { because: `There is no record of the ${field} that could take over what the cloud says.` })
      fields.push(field)
      taken[field] = [found.console, found.cloud]
    }
    const recorded = takeOver(row.recorded!, seenOf(row), row.tie === 'tied' ? row.server_id : null, fields)
    await client.query(
      `update machines set recorded = $2, recorded_at = case when $2::jsonb is not null then now() end, recorded_by = $3, changed_at = now(),
         revision = revision + 1 where id = $1`,
      recorded === null ? [id, null, null] : [id, JSON.stringify(recorded), actor.name],
    )
    await judgeMachine(client, id)
    await note(tx, actor, row, 'machine.record', taken)
  })

/** Takes machines out of the inbox, or back. Returns those that it changed; others were so before, are not there, or are not the actor's to change. */
export const ignoreMachines = (actor: Actor, ids: readonly string[], isIgnored: boolean): Promise<string[]> =>
  inPgTransaction(async (client, tx) => {
    const environmentIds = environmentsOf(actor, 'machine.change')
    if (environmentIds?.length === 0) throw new Fault('access.denied')
    const { rows } = await client.query<{ id: string; title: string; environment_id: string }>(
      `update machines set is_ignored = $2, changed_at = now(), revision = revision + 1 where id = any($1::uuid[]) and is_ignored <> $2
         and ($3::uuid[] is null or environment_id = any($3)) returning id, title, environment_id`,
      [ids, isIgnored, environmentIds],
    )
    if (rows.length === 0) return []
    for (const { id } of rows) await judgeMachine(client, id)
    for (const { id, title, environment_id: environmentId } of rows)
      await writeChange(tx, actor, {
        resource: 'machine',
        objectId: id,
        title,
        environmentId,
        act: 'change',
        fields: { isIgnored: [!isIgnored, isIgnored] },
      })
    await notify(tx, 'records', 'machine')
    await writeAudit(tx, actor, {
      act: isIgnored ? 'discovery.ignore' : 'discovery.restore',
      resource: 'machine',
      title: rows
        .slice(0, 20)
        .map(({ title }) => title)
        .join(', '),
      detail: { ids: rows.map(({ id }) => id) },
    })
    return rows.map(({ id }) => id)
  })
