import { alterStatement } from '@/lib/domain/settings/alter'
import { maskSetting } from '@/lib/domain/settings/secret'
import { ofSessions, type Setting, type SettingKind, type SettingsLook } from '@/lib/domain/settings/setting'
import { settingNumber, storedValue } from '@/lib/domain/settings/value'
import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import type { InstanceAddress, ServerSettingsAct, ServerSettingsRead } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'
import { deadlineIn } from '../ssh/deadline'
import type { Greeting } from './connection'
import { parametersOf } from './parameters'
import { isSocketRefused, psqlJson } from './psql'
import { runAlone } from './server-views'
import type { WarmPool } from './warm'

const left = [...ofSessions].map(quoteLiteral).join(', ')
const utc = (moment: string) => `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
/** Sources that say what our own session asked for, or its role or database was given: of those the files, or else the default, say what others have. */
const own = `('client', 'session', 'database', 'user', 'database user', 'interactive', 'test')`
const kindColumns = `s.name, s.category, s.short_desc, s.context, s.vartype, s.unit, s.boot_val`

/** The last entry of the files that is not wrong: what the server has, or would have after a restart. Only a superuser may read it. */
const files = `left join (
    select distinct on (f.name) f.name, f.setting, f.sourcefile, f.sourceline from pg_file_settings f
    where f.name is not null and (f.error is null or f.error = 'setting could not be applied') order by f.name, f.seqno desc
  ) f on f.name = s.name`
const noFiles = `left join (select null::text as name, null::text as setting, null::text as sourcefile, null::int as sourceline) f on false`

/** md5() is refused where OpenSSL is in FIPS mode; PostgreSQL 10 has nothing else. */
const digest = (version: string, text: string) =>
  Number.parseInt(version, 10) === 10 ? `md5(${text})` : `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`

const lookSql = ({ isSuperuser, version }: Greeting): string => `
select json_build_object(
  'catalogue', ${digest(version, `string_agg(concat_ws('|', ${kindColumns}), ',' order by s.name)`)},
  'version', current_setting('server_version'),
  'loadedAt', ${utc('pg_conf_load_time()')},
  'startedAt', ${utc('pg_postmaster_start_time()')},
  'settings', coalesce(json_agg(json_build_object('name', s.name, 'type', s.vartype, 'unit', s.unit, 'value', s.setting, 'default', s.boot_val,
      'source', s.source, 'file', s.sourcefile, 'line', s.sourceline, 'isPendingRestart', s.pending_restart,
      'inFile', f.setting, 'fileOf', f.sourcefile, 'lineOf', f.sourceline) order by s.name)
    filter (where (s.source <> 'default' or s.setting is distinct from s.boot_val or s.pending_restart)
      and (s.source not in ${own} or f.name is not null)), '[]')
) as look
from pg_settings s ${isSuperuser ? files : noFiles} where s.name not in (${left})`

const kindsSql = `
select coalesce(json_agg(json_build_object('name', s.name, 'category', s.category, 'description', s.short_desc, 'context', s.context, 'type', s.vartype,
  'unit', s.unit, 'defaultValue', s.boot_val) order by s.name), '[]') as kinds
from pg_settings s where s.name not in (${left})`

interface Row extends Omit<Setting, 'pendingValue' | 'number'>, Pick<SettingKind, 'type' | 'unit'> {
  default: string | null
  inFile: string | null
  fileOf: string | null
  lineOf: number | null
}
type Answer = Omit<SettingsLook, 'settings'> & { settings: Row[] }

const ofOurSession: ReadonlySet<string> = new Set(['client', 'session', 'database', 'user', 'database user', 'interactive', 'test'])

const settingOf = ({ default: defaultValue, inFile, fileOf, lineOf, type, unit, ...seen }: Row): Setting => {
  const filed = inFile === null ? null : (storedValue(inFile, { type, unit }) ?? inFile)
  const real = ofOurSession.has(seen.source)
    ? { value: filed ?? defaultValue, source: 'configuration file', file: fileOf, line: lineOf }
    : { value: seen.value, source: seen.source, file: seen.file, line: seen.line }
  return {
    name: seen.name,
    ...real,
    value: maskSetting(seen.name, real.value),
    number: settingNumber(real.value, { type, unit }),
    isPendingRestart: seen.isPendingRestart,
    pendingValue: seen.isPendingRestart && filed !== seen.value ? maskSetting(seen.name, filed) : null,
  }
}

export const makeServerSettings = (ssh: Ssh, warm: WarmPool): { read: ServerSettingsRead; act: ServerSettingsAct } => {
  /** Over the warm session, or through psql where sockets are not forwarded: there it is the owner of the server who asks. */
  const ask = async <T>(instance: InstanceAddress, name: string, sql: (greeting: Greeting) => string, options: CallOptions): Promise<T> => {
    const deadline = deadlineIn(options.timeoutMs, options.signal)
    try {
      return Object.values((await warm.query<Record<string, T>>(instance, name, sql, deadline)).row)[0]!
    } catch (error) {
      if (!isSocketRefused(error)) throw error
      return psqlJson<T>(ssh, instance, sql({ version: instance.major ?? '', isSuperuser: true }), deadline)
    }
  }
  const read: ServerSettingsRead = {
    parameters: (instance, names, options) => parametersOf(ssh, warm, instance, names, options),
    look: async (instance, options) => {
      const { settings, ...answer } = await ask<Answer>(instance, 'matriarch_all_settings', lookSql, options)
      return { ...answer, version: answer.version.split(' ')[0]!, settings: settings.map(settingOf) }
    },
    kinds: async (instance, options) => {
      const kinds = await ask<SettingKind[]>(instance, '', () => kindsSql, options)
      return kinds.map((kind) => ({ ...kind, defaultValue: maskSetting(kind.name, kind.defaultValue) }))
    },
  }
  return { read, act: { alter: (instance, edits, options) => runAlone(ssh, instance, edits.map(alterStatement), options) } }
}
