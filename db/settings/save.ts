import type { SettingKind, SettingsLook } from '@/lib/domain/settings/setting'
import { settingNumber } from '@/lib/domain/settings/value'
import { digestOf } from '@/lib/kernel/ground/digest'
import { databaseFault, getPool } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'

/** Nothing but the time of the look changes, so it is the row's alone (a HOT update). */
const sameSql = {
  name: 'settings-same',
  text: 'update setting_looks set seen_at = now(), loaded_at = $3, started_at = $4 where instance_id = $1 and digest = $2',
}

/** Before, now, and in which way: of what is missing on one side the default of its catalogue stands for it. $1 instance, $2 settings, $3 catalogue now, $4 before. */
const changedSql = `
with seen as (
  select * from jsonb_to_recordset($2::jsonb) as t(name text, value text, source text, file text, line int, "isPendingRestart" bool, "pendingValue" text)
), was as (select * from instance_settings where instance_id = $1),
both_sides as (
  select coalesce(n.name, w.name) as name, case when w.name is null then o.default_value else w.value end as old,
    case when n.name is null then k.default_value else n.value end as new, coalesce(k.unit, o.unit) as unit, coalesce(k.type, o.type, 'string') as type,
    n.source, n.file, n.line, n."isPendingRestart" as is_pending, n."pendingValue" as pending, w.is_pending_restart as was_pending, w.pending_value as pending_before
  from seen n full join was w on w.name = n.name
    left join setting_kinds k on k.catalogue_id = $3 and k.name = coalesce(n.name, w.name)
    left join setting_kinds o on o.catalogue_id = $4 and o.name = coalesce(n.name, w.name)
)
insert into setting_changes (instance_id, at, name, is_pending, unit, type, old_value, new_value, source, file, line)
select $1, now(), name, false, unit, type, old, new, coalesce(source, 'default'), file, line from both_sides where old is distinct from new
union all
select $1, now(), name, true, unit, type, new, pending, source, file, line from both_sides
  where is_pending and pending is not null and (pending_before is distinct from pending or not coalesce(was_pending, false))`

const dropSql = `delete from instance_settings where instance_id = $1 and name <> all($2::text[])`
const keepSql = `
insert into instance_settings (instance_id, name, value, number, source, file, line, is_pending_restart, pending_value)
select $1, t.name, t.value, t.number, t.source, t.file, t.line, t."isPendingRestart", t."pendingValue"
from jsonb_to_recordset($2::jsonb)
  as t(name text, value text, number float8, source text, file text, line int, "isPendingRestart" bool, "pendingValue" text)
on conflict (instance_id, name) do update set value = excluded.value, number = excluded.number, source = excluded.source, file = excluded.file,
  line = excluded.line, is_pending_restart = excluded.is_pending_restart, pending_value = excluded.pending_value
where (instance_settings.value, instance_settings.number, instance_settings.source, instance_settings.file, instance_settings.line,
  instance_settings.is_pending_restart, instance_settings.pending_value) is distinct from
  (excluded.value, excluded.number, excluded.source, excluded.file, excluded.line, excluded.is_pending_restart, excluded.pending_value)`

const catalogueIdOf = async (client: Queryable, digest: string): Promise<number | null> =>
  (await client.query<{ id: number }>('select id from setting_catalogues where digest = $1', [digest])).rows[0]?.id ?? null

const saveCatalogue = (digest: string, version: string, kinds: readonly SettingKind[]): Promise<number> =>
  inPgTransaction(async (client) => {
    const { rows } = await client.query<{ id: number }>(
      'insert into setting_catalogues (digest, version) values ($1, $2) on conflict do nothing returning id',
      [digest, version],
    )
    const made = rows[0]?.id
    // Another worker has just written it.
    if (made === undefined) return (await catalogueIdOf(client, digest))!
    await client.query(
      `insert into setting_kinds (catalogue_id, name, category, description, context, type, unit, default_value, default_number)
       select $1, name, category, description, context, type, unit, "defaultValue", number from jsonb_to_recordset($2::jsonb)
         as t(name text, category text, description text, context text, type text, unit text, "defaultValue" text, number float8)`,
      [made, JSON.stringify(kinds.map((kind) => ({ ...kind, number: settingNumber(kind.defaultValue, kind) })))],
    )
    return made
  })

/**
 * Keeps what a look at the settings of an instance saw, and each change since the look before as a row of its own. `kindsOf` is asked only where no server of
 * the fleet had this catalogue yet. An instance that is not registered is passed over. Throws `database.down`, and as `kindsOf` does.
 */
export const saveSettings = async (
  instanceId: string,
  look: SettingsLook,
  kindsOf: () => Promise<readonly SettingKind[]>,
): Promise<void> => {
  const digest = digestOf([look.catalogue, ...look.settings.map((one) => ({ ...one }))])
  const moments = [look.loadedAt, look.startedAt]
  try {
    if ((await getPool().query({ ...sameSql, values: [instanceId, digest, ...moments] })).rowCount) return
    const catalogue =
      (await catalogueIdOf(getPool(), look.catalogue)) ?? (await saveCatalogue(look.catalogue, look.version, await kindsOf()))
    await inPgTransaction(async (client) => {
      await client.query(
        `insert into setting_looks (instance_id) select id from instances where id = $1 for key share on conflict do nothing`,
        [instanceId],
      )
      const { rows } = await client.query<{ before: number | null; digest: string }>(
        'select catalogue_id as before, digest from setting_looks where instance_id = $1 for update',
        [instanceId],
      )
      const known = rows[0]
      if (known === undefined || known.digest === digest) return
      const settings = JSON.stringify(look.settings)
      if (known.before !== null) await client.query(changedSql, [instanceId, settings, catalogue, known.before])
      await client.query(dropSql, [instanceId, look.settings.map(({ name }) => name)])
      await client.query(keepSql, [instanceId, settings])
      await client.query(
        'update setting_looks set catalogue_id = $2, digest = $3, loaded_at = $4, started_at = $5, seen_at = now() where instance_id = $1',
        [instanceId, catalogue, digest, ...moments],
      )
    })
  } catch (error) {
    throw databaseFault(error)
  }
}
