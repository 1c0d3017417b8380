import { settingNumber, showValue, storedValue } from '@/lib/domain/settings/value'
import { type Actor, allowance } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { FoundSetting, FoundSettings, SettingComparison, SettingQuery } from '@/lib/shapes/settings'
import { databaseFault, getPool } from '../pg/client'
import { type KindRow, kindColumns, shownKind, shownValue, type ValueRow, valueColumns } from './read'

/** Of instances in reach: an extension of one's own may have telling names. $1 environments. */
const reachedCatalogues = `(select l.catalogue_id from setting_looks l join instances i on i.id = l.instance_id
  where $1::uuid[] is null or i.environment_id = any($1))`

const comparisons: Record<SettingComparison, string> = { is: '=', not: '<>', more: '>', less: '<' }
const valuesMax = 12

/** $1 name, $2 environments in reach, $3 environment. Instances without the setting, or never looked at, are left out. */
export const oneSettingSql = `
  from instances i join setting_looks l on l.instance_id = i.id
    join setting_kinds k on k.catalogue_id = l.catalogue_id and k.name = $1
    left join instance_settings s on s.instance_id = i.id and s.name = $1
  where ($2::uuid[] is null or i.environment_id = any($2)) and ($3::uuid is null or i.environment_id = $3)`

/** The same, of every setting that waits for a restart; $1 is not looked at. */
export const waitingSql = `
  from instance_settings s join instances i on i.id = s.instance_id join setting_looks l on l.instance_id = i.id
    join setting_kinds k on k.catalogue_id = l.catalogue_id and k.name = s.name
  where s.is_pending_restart and $1 = '' and ($2::uuid[] is null or i.environment_id = any($2)) and ($3::uuid is null or i.environment_id = $3)`

const itemColumns = `i.id as "instanceId", i.title, i.environment_id as "environmentId", i.herd_id as "herdId", i.role, l.seen_at as "seenAt",
  ${kindColumns}, ${valueColumns}`

type Row = KindRow & ValueRow & Pick<FoundSetting, 'instanceId' | 'title' | 'environmentId' | 'herdId' | 'role'> & { seenAt: Date }

/** The condition on the value, and its parameters from $4 on. Throws `input.invalid`. */
const valueCondition = (kind: KindRow, { compare, value }: SettingQuery): { text: string; values: unknown[] } => {
  if (value === '') return { text: 'true', values: [] }
  const wrong = (message: string) => new Fault('input.invalid', { fields: [{ path: 'value', message }] })
  const operator = comparisons[compare]
  if (kind.type === 'integer' || kind.type === 'real') {
    const number = settingNumber(value, kind)
    if (number === null)
      throw wrong(kind.unit === null ? 'is a number' : `is a number, or one with a unit, such as ${exampleOf(kind.unit)}`)
    return { text: `case when s.name is null then k.default_number else s.number end ${operator} $4::float8`, values: [number] }
  }
  if (compare === 'more' || compare === 'less')
    throw new Fault('input.invalid', { fields: [{ path: 'compare', message: `is "is" or "not": ${kind.name} is no number` }] })
  const text = storedValue(value, kind)
  if (text === null) throw wrong('is on or off')
  return { text: `coalesce(case when s.name is null then k.default_value else s.value end, '') ${operator} $4`, values: [text] }
}

const exampleOf = (unit: string): string => (/B$/.test(unit) ? '4GB' : '30s')

/**
 * Instances of the fleet by what they have for one setting, compared in its unit; without a name what waits for a restart. `values` counts what there is, so
 * that the odd ones stand out. Throws `access.denied`, `input.invalid`, `database.down`.
 */
export const findSettings = async (actor: Actor, query: SettingQuery): Promise<FoundSettings> => {
  const allowed = allowance(actor, 'instance.view')
  if (allowed === 'none') throw new Fault('access.denied')
  const environments = allowed === 'all' ? null : allowed.environmentIds
  try {
    const environmentId = query.environment === '' ? null : await environmentOf(query.environment, environments)
    const kind = query.name === '' ? null : await newestKind(query.name, environments)
    // A name is written as its catalogue has it: extensions may have large letters in theirs.
    const reach = [kind?.name ?? query.name, environments, environmentId]
    if (query.name !== '' && kind === null) return { setting: null, items: [], total: 0, page: query.page, values: [] }
    const from = kind === null ? waitingSql : oneSettingSql
    const value = kind === null ? { text: 'true', values: [] } : valueCondition(kind, query)
    const conditions = [
      value.text,
      ...(query.pending === 'yes' ? ['s.is_pending_restart'] : []),
      ...(query.source === 'default' ? ['s.name is null'] : query.source === 'set' ? ['s.name is not null'] : []),
    ]
    const where = `${from} and ${conditions.join(' and ')}`
    const given = [...reach, ...value.values]
    const [items, totals, values] = await Promise.all([
      getPool().query<Row>(
        `select ${itemColumns} ${where} order by i.title, i.id, k.name limit ${query.per} offset ${(query.page - 1) * query.per}`,
        given,
      ),
      getPool().query<{ total: string }>(`select count(*) as total ${where}`, given),
      kind === null
        ? { rows: [] }
        : getPool().query<KindRow & { value: string | null; count: string }>(
            `select case when s.name is null then k.default_value else s.value end as value, k.type, k.unit, count(*) as count ${from}
             group by 1, 2, 3 order by 4 desc, 1 limit ${valuesMax}`,
            reach,
          ),
    ])
    return {
      setting: kind && shownKind(kind),
      items: items.rows.map((row) => ({
        instanceId: row.instanceId,
        title: row.title,
        environmentId: row.environmentId,
        herdId: row.herdId,
        role: row.role,
        name: row.name,
        seenAt: row.seenAt.toISOString(),
        ...shownValue(row, row),
      })),
      total: Number(totals.rows[0]!.total),
      page: query.page,
      values: values.rows.map((row) => ({ shown: showValue(row.value, row), count: Number(row.count) })),
    }
  } catch (error) {
    throw databaseFault(error)
  }
}

/** As the catalogue that was written last has it. */
const newestKind = async (name: string, environments: readonly string[] | null): Promise<KindRow | null> =>
  (
    await getPool().query<KindRow>(
      `select ${kindColumns} from setting_kinds k
       where lower(k.name) = $2 and k.catalogue_id in ${reachedCatalogues} order by k.catalogue_id desc limit 1`,
      [environments, name],
    )
  ).rows[0] ?? null

/** Throws `input.invalid` for one that is not there or not in reach. */
const environmentOf = async (nameOrId: string, environments: readonly string[] | null): Promise<string> => {
  const { rows } = await getPool().query<{ id: string }>(
    'select id from environments where (id::text = lower($1) or lower(name) = lower($1)) and ($2::uuid[] is null or id = any($2))',
    [nameOrId, environments],
  )
  if (rows[0] === undefined)
    throw new Fault('input.invalid', { fields: [{ path: 'environment', message: `There is no ${nameOrId}, or you may not see it.` }] })
  return rows[0].id
}

/** Names to choose from. Throws `access.denied`, `database.down`. */
export const settingNames = async (actor: Actor): Promise<string[]> => {
  const allowed = allowance(actor, 'instance.view')
  if (allowed === 'none') throw new Fault('access.denied')
  try {
    const { rows } = await getPool().query<{ name: string }>(
      `select distinct name from setting_kinds where catalogue_id in ${reachedCatalogues} order by name limit 2000`,
      [allowed === 'all' ? null : allowed.environmentIds],
    )
    return rows.map(({ name }) => name)
  } catch (error) {
    throw databaseFault(error)
  }
}
