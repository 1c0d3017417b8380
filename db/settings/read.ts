import { groupOf } from '@/lib/domain/settings/compare'
import type { SettingKind } from '@/lib/domain/settings/setting'
import { showValue } from '@/lib/domain/settings/value'
import { iso } from '@/lib/domain/values/iso'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import type { ComparedSetting, HerdSettings, InstanceSettings, MemberSetting, SettingChange } from '@/lib/shapes/settings'
import { watchLooks } from '../fleet/live-looks'
import { databaseFault, getPool } from '../pg/client'

export interface KindRow {
  name: string
  category: string
  description: string
  context: string
  type: SettingKind['type']
  unit: string | null
  defaultValue: string | null
}
export interface ValueRow {
  value: string | null
  source: string
  file: string | null
  line: number | null
  isPendingRestart: boolean
  pendingValue: string | null
}
interface Member {
  instanceId: string
  title: string
  environmentId: string
  role: string
  version: string | null
  seenAt: Date | null
  loadedAt: Date | null
}

export const kindColumns = `k.name, k.category, k.description, k.context, k.type, k.unit, k.default_value as "defaultValue"`
/** Of a setting `s` that may be at the default of its kind `k`. */
export const valueColumns = `case when s.name is null then k.default_value else s.value end as value, coalesce(s.source, 'default') as source, s.file, s.line,
  coalesce(s.is_pending_restart, false) as "isPendingRestart", s.pending_value as "pendingValue"`

export const shownKind = ({ defaultValue, ...kind }: KindRow) => ({ ...kind, defaultShown: showValue(defaultValue, kind) })
export const shownValue = (row: ValueRow, kind: Pick<KindRow, 'type' | 'unit'>): MemberSetting => ({
  value: row.value,
  shown: showValue(row.value, kind),
  isDefault: row.source === 'default',
  source: row.source,
  file: row.file,
  line: row.line,
  isPendingRestart: row.isPendingRestart,
  pendingShown: row.pendingValue === null ? null : showValue(row.pendingValue, kind),
})

const membersOf = async (actor: Actor, by: 'id' | 'herd_id', id: string): Promise<Member[]> => {
  if (!uuidPattern.test(id)) throw new Fault('record.missing')
  const { rows } = await getPool().query<Member>(
    `select i.id as "instanceId", i.title, i.environment_id as "environmentId", i.role, coalesce(c.version, i.version) as version, l.seen_at as "seenAt",
       l.loaded_at as "loadedAt"
     from instances i left join setting_looks l on l.instance_id = i.id left join setting_catalogues c on c.id = l.catalogue_id
     where i.${by} = $1 order by i.role <> 'primary', i.title limit 100`,
    [id],
  )
  return rows.filter(({ environmentId }) => mayIn(actor, 'instance.view', environmentId))
}

const changesMax = 100
interface ChangeRow extends Omit<SettingChange, 'at' | 'oldShown' | 'newShown'> {
  at: Date
  type: SettingKind['type']
  unit: string | null
  oldValue: string | null
  newValue: string | null
}
const readChanges = async (ids: readonly string[]): Promise<SettingChange[]> => {
  const { rows } = await getPool().query<ChangeRow>(
    `select c.at, c.instance_id as "instanceId", i.title, c.name, c.is_pending as "isPending", c.type, c.unit, c.old_value as "oldValue",
       c.new_value as "newValue", c.source, c.file, c.line
     from unnest($1::uuid[]) t(id) join instances i on i.id = t.id
       cross join lateral (select * from setting_changes c where c.instance_id = t.id order by c.at desc limit ${changesMax}) c
     order by c.at desc, i.title, c.name limit ${changesMax}`,
    [ids],
  )
  return rows.map(({ at, type, unit, oldValue, newValue, ...rest }) => ({
    ...rest,
    at: at.toISOString(),
    oldShown: showValue(oldValue, { type, unit }),
    newShown: showValue(newValue, { type, unit }),
  }))
}

const lookNow = { kind: 'settings', question: '', everySeconds: 3 } as const
/** Now is after it was asked for: who has just changed something looks for that. */
const patience = { freshMs: 0, waitMs: 12_000 }

/** Has a worker look now; why it saw nothing, by instance. */
const looked = async (ids: readonly string[], isNow: boolean, signal?: AbortSignal): Promise<Map<string, string | null>> => {
  if (!isNow) return new Map()
  const looks = await watchLooks<unknown>(ids, lookNow, { ...patience, signal })
  return new Map([...looks].map(([id, { because }]) => [id, because]))
}

const texts = (moment: Date | null): string | null => moment && iso(moment)

interface Ask {
  /** A worker is asked to look first, and waited for. */
  isNow: boolean
  signal?: AbortSignal
}

/** Every setting of an instance as it was last seen, and what changed. Throws `record.missing`, `database.down`. */
export const readInstanceSettings = async (actor: Actor, id: string, { isNow, signal }: Ask): Promise<InstanceSettings> => {
  try {
    if ((await membersOf(actor, 'id', id)).length === 0) throw new Fault('record.missing')
    const because = (await looked([id], isNow, signal)).get(id) ?? null
    const [[member], settings, changes] = await Promise.all([
      membersOf(actor, 'id', id),
      getPool().query<KindRow & ValueRow>(
        `select ${kindColumns}, ${valueColumns} from setting_looks l join setting_kinds k on k.catalogue_id = l.catalogue_id
           left join instance_settings s on s.instance_id = l.instance_id and s.name = k.name
         where l.instance_id = $1 order by lower(k.name)`,
        [id],
      ),
      readChanges([id]),
    ])
    if (member === undefined) throw new Fault('record.missing')
    const { title, environmentId, version } = member
    return {
      instanceId: id,
      title,
      environmentId,
      version,
      because,
      seenAt: texts(member.seenAt),
      loadedAt: texts(member.loadedAt),
      settings: settings.rows.map((row) => ({ ...shownKind(kindOf(row)), ...shownValue(row, row) })),
      changes,
    }
  } catch (error) {
    throw databaseFault(error)
  }
}

const kindOf = ({ name, category, description, context, type, unit, defaultValue }: KindRow): KindRow => ({
  ...{ name, category, description, context, type, unit, defaultValue },
})

/** What is not at its default somewhere, of the members of a herd side by side. Throws `record.missing`, `database.down`. */
export const readHerdSettings = async (actor: Actor, herdId: string, { isNow, signal }: Ask): Promise<HerdSettings> => {
  try {
    const known = await membersOf(actor, 'herd_id', herdId)
    if (known.length === 0 && !(await isHerdInReach(actor, herdId))) throw new Fault('record.missing')
    const ids = known.map(({ instanceId }) => instanceId)
    const reasons = await looked(ids, isNow, signal)
    const members = isNow ? await membersOf(actor, 'herd_id', herdId) : known
    const [{ rows }, changes] = await Promise.all([
      getPool().query<KindRow & ValueRow & { instanceId: string }>(
        `select l.instance_id as "instanceId", ${kindColumns}, ${valueColumns}
         from setting_looks l join setting_kinds k on k.catalogue_id = l.catalogue_id
           left join instance_settings s on s.instance_id = l.instance_id and s.name = k.name
         where l.instance_id = any($1::uuid[]) and k.name in (select name from instance_settings where instance_id = any($1::uuid[]))
         order by lower(k.name)`,
        [ids],
      ),
      readChanges(ids),
    ])
    const seen = members.filter(({ seenAt }) => seenAt !== null)
    const byName = new Map<string, typeof rows>()
    for (const row of rows) byName.set(row.name, [...(byName.get(row.name) ?? []), row])
    const settings = [...byName.values()].map((found): ComparedSetting => {
      const of = new Map(found.map((row) => [row.instanceId, row]))
      const kind = kindOf(found[0]!)
      const group = groupOf(
        kind.name,
        seen.map(({ instanceId }) => {
          const row = of.get(instanceId)
          return { value: row ? showValue(row.value, row) : null, isPendingRestart: row?.isPendingRestart ?? false }
        }),
      )
      return {
        ...shownKind(kind),
        group,
        values: members.map(({ instanceId }) => {
          const row = of.get(instanceId)
          return row ? shownValue(row, row) : null
        }),
      }
    })
    return {
      herdId,
      members: members.map(({ loadedAt: _, seenAt, ...member }) => ({
        ...member,
        seenAt: texts(seenAt),
        because: reasons.get(member.instanceId) ?? null,
      })),
      settings,
      changes,
    }
  } catch (error) {
    throw databaseFault(error)
  }
}

const isHerdInReach = async (actor: Actor, herdId: string): Promise<boolean> => {
  const { rows } = await getPool().query<{ environmentId: string }>('select environment_id as "environmentId" from herds where id = $1', [
    herdId,
  ])
  return rows[0] !== undefined && mayIn(actor, 'herd.view', rows[0].environmentId)
}
