import { type ConfDifference, diffConf } from '@/lib/domain/replication/conf-diff'
import { type HbaRule, hbaRuleText } from '@/lib/domain/replication/hba-rules'
import type { CallOptions, ClusterSpec, ReadPorts } from '@/lib/ports'
import type { Place, Plain } from '../facts/instance'
import { orNull } from '../facts/or-null'

/** What the upstream has and the new one does not get; null: it could not be read. */
export type UpstreamOnly = { settings: ConfDifference[] | null; rules: string[] | null }

/** What the host and its distribution say, or the making of a cluster; and a command or a secret is nobody's to read. */
const settingsSql = `
select name, case when name ~ '(_command|password|passwd|secret|token)$' then 'something else' else current_setting(name) end
from pg_settings where source = 'configuration file' and setting is distinct from boot_val
and name !~* '^(lc_|log_timezone$|timezone$|log_line_prefix$|external_pid_file$|unix_socket_directories$|stats_temp_directory$|ssl_cert_file$|ssl_key_file$|default_text_search_config$|datestyle$)'
order by name`

const rulesSql = `
select type, array_to_string(database, ','), array_to_string(user_name, ','), address, netmask, auth_method
from pg_hba_file_rules where error is null and type <> 'local' and address is distinct from '127.0.0.1' and address is distinct from '::1'
order by line_number`

export const compareUpstream = async (
  ports: ReadPorts,
  upstream: Place,
  { settings, letsIn }: Plain<Omit<ClusterSpec, 'key'>>,
  options: CallOptions,
): Promise<UpstreamOnly> => {
  const [theirs, rules] = await Promise.all([rowsOf(ports, upstream, settingsSql, options), rowsOf(ports, upstream, rulesSql, options)])
  const own = ['all', 'replication'].map((database) => `host ${database} all ${letsIn} scram-sha-256`)
  return {
    settings: theirs === null ? null : diffConf([confOf(Object.entries(settings))], [confOf(theirs)]).filter(({ there }) => there !== null),
    rules: rules === null ? null : rules.flatMap(ruleOf).filter((rule) => !own.includes(rule)),
  }
}

const confOf = (rows: readonly (readonly (string | null | undefined)[])[]) => ({
  name: 'postgresql.conf',
  text: rows.flatMap(([name, value]) => (name && value != null ? [`${name} = '${value.replaceAll("'", "''")}'`] : [])).join('\n'),
})

const ruleOf = ([type, databases, users, address, netmask, method]: readonly (string | null)[]): string[] => {
  if (!type || !databases || !users || !method) return []
  const rule: HbaRule = { type, databases, users, address: address ?? null, netmask: netmask ?? null, method }
  return [hbaRuleText(rule)]
}

const rowsOf = async (
  ports: ReadPorts,
  { address }: Place,
  sql: string,
  { timeoutMs, signal }: CallOptions,
): Promise<(string | null)[][] | null> => {
  const options = { database: 'postgres', statementTimeoutMs: timeoutMs, rowsMax: 500, bytesMax: 200_000, signal }
  const grid = await orNull(ports.postgres.query(address, sql, options), signal)
  return grid?.rows ?? null
}
