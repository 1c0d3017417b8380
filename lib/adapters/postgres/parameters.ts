import type { Parameter, ParametersSeen } from '@/lib/domain/settings/parameter'
import { maskSetting } from '@/lib/domain/settings/secret'
import { storedValue } from '@/lib/domain/settings/value'
import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import type { CallOptions, InstanceAddress } from '@/lib/ports'
import type { Ssh } from '../ssh'
import { askJson } from './server-views'
import type { WarmPool } from './warm'

const isAuto = `sourcefile ~ '(^|/)postgresql[.]auto[.]conf$'`

/** Entries in their order: the last one of a name counts, and ALTER SYSTEM's file is read last. The view reads the files afresh. */
const parametersSql = (names: readonly string[]): string => `
with files as (select lower(name) as name, setting, sourcefile, sourceline, seqno, error, ${isAuto} as is_auto from pg_file_settings where name is not null),
  given as (
    select lower(split_part(one, '=', 1)) as name, concat_ws(' in ', 'role ' || nullif(setrole, 0)::regrole::text, 'database ' || d.datname) as whose
    from pg_db_role_setting s left join pg_database d on d.oid = s.setdatabase cross join unnest(s.setconfig) as one
  )
select json_build_object(
  'mayAlter', coalesce(current_setting('allow_alter_system', true), 'on') = 'on',
  'parameters', coalesce((select json_agg(json_build_object(
      'name', s.name, 'context', s.context, 'type', s.vartype, 'unit', s.unit, 'defaultValue', s.boot_val,
      'min', s.min_val, 'max', s.max_val, 'choices', to_json(s.enumvals),
      'value', s.setting, 'source', s.source, 'file', s.sourcefile, 'line', s.sourceline, 'isPendingRestart', s.pending_restart,
      'altered', (select f.setting from files f where f.name = lower(s.name) and f.is_auto order by f.seqno desc limit 1),
      'filed', (select json_build_object('value', f.setting, 'file', f.sourcefile, 'line', f.sourceline)
        from files f where f.name = lower(s.name) and not f.is_auto order by f.seqno desc limit 1),
      'last', (select json_build_object('value', f.setting, 'file', f.sourcefile, 'line', f.sourceline, 'problem', f.error)
        from files f where f.name = lower(s.name) order by f.seqno desc limit 1),
      'elsewhere', coalesce((select json_agg(g.whose order by g.whose) from given g where g.name = lower(s.name)), '[]')
    ) order by s.name) from pg_settings s where lower(s.name) in (${names.map((name) => quoteLiteral(name.toLowerCase())).join(', ')})), '[]')
)`

type Row = Omit<Parameter, 'problem' | 'holdsSecret'> & {
  last: { value: string; file: string; line: number; problem: string | null } | null
}

/** Sources that tell of our own session, or of its role or database, not of the server. */
const ofOurSession: ReadonlySet<string> = new Set(['client', 'session', 'database', 'user', 'database user', 'interactive', 'test'])
/** The view says so of a value that a restart brings, too. */
const waiting = 'setting could not be applied'

const parameterOf = ({ last, ...seen }: Row): Parameter => {
  const real = ofOurSession.has(seen.source)
    ? last === null
      ? { value: seen.defaultValue, source: 'default', file: null, line: null }
      : { value: storedValue(last.value, seen) ?? last.value, source: 'configuration file', file: last.file, line: last.line }
    : {}
  const whole = { ...seen, ...real, problem: last?.problem === waiting && seen.isPendingRestart ? null : (last?.problem ?? null) }
  const mask = (value: string | null) => maskSetting(seen.name, value)
  const holdsSecret = [whole.value, whole.altered, whole.filed?.value ?? null].some((value) => mask(value) !== value)
  return {
    ...whole,
    value: mask(whole.value),
    altered: mask(whole.altered),
    filed: whole.filed && { ...whole.filed, value: mask(whole.filed.value)! },
    holdsSecret,
  }
}

export const parametersOf = async (
  ssh: Ssh,
  warm: WarmPool,
  instance: InstanceAddress,
  names: readonly string[],
  options: CallOptions,
): Promise<ParametersSeen> => {
  const { mayAlter, parameters } = await askJson<Omit<ParametersSeen, 'parameters'> & { parameters: Row[] }>(
    ssh,
    warm,
    instance,
    '',
    parametersSql(names),
    options,
  )
  return { mayAlter, parameters: parameters.map(parameterOf) }
}
