import { followLines, promoteCommand, standbyLines } from '@/lib/domain/replication/conf'
import { isServersAnswer } from '@/lib/domain/replication/sign-of-life'
import { writeConninfo } from '@/lib/domain/values/conninfo'
import { quoteShell } from '@/lib/domain/values/shell-quote'
import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CommandResult, InstanceAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { ReplicationAct, ReplicationRead } from '@/lib/ports/replication'
import type { Ssh } from '../ssh'
import { followFiles } from './follow-files'
import { dataDirectoryScript, findTools, parseDataDirectory, parseHistory } from './replication-look'
import { alterSystem, askJson } from './server-views'
import { makeTakeover } from './takeover'
import type { WarmPool } from './warm'

/** $1 data directory, $2 bin directory or '', $3 whom to follow, as lines, or '', $4 what recovery.conf needs beside. */
const followScript = `
LC_ALL=C; export LC_ALL
data=$1 bin=$2 lines=$3 standby=$4
major=$(cat "$data/PG_VERSION") || exit 3
${findTools}
${followFiles}
mustHoldNoPassword
makeStandby || exit 1`

/** $1 data directory. A running server would go on as a standby, whatever its files say. */
const unfollowScript = `
data=$1
[ -r "$data/PG_VERSION" ] || { echo "$data is no data directory" >&2; exit 3; }
if [ -r "$data/postmaster.pid" ]; then
  read -r pid <"$data/postmaster.pid"
  if kill -s 0 "$pid" 2>/dev/null; then echo "the server runs (process $pid)" >&2; exit 1; fi
fi
rm -f "$data/standby.signal" "$data/recovery.conf" && sync "$data"`

/** $1 bin directory or '', $2 major or '', $3 connection string. */
const identifyScript = `
LC_ALL=C; export LC_ALL
bin=$1 major=$2
${findTools}
psql=$(command -v psql) || psql=$tools/psql
PGCONNECT_TIMEOUT=5 exec "$psql" -X -A -t -F '|' -w -d "$3" -c IDENTIFY_SYSTEM`

/** $1 data directory, $2 bin directory or ''. pg_promote() came with 12. */
const promoteScript = `
LC_ALL=C; export LC_ALL
data=$1 bin=$2
major=$(cat "$data/PG_VERSION") || exit 3
${findTools}
exec "$tools/pg_ctl" promote -W -s -D "$data"`

const alteredSql = (name: string) =>
  `(select setting from pg_file_settings where name = '${name}' and sourcefile ~ 'postgresql\\.auto\\.conf$' order by seqno desc limit 1)`
const synchronousSql = `select json_build_object(
  'names', current_setting('synchronous_standby_names'), 'altered', ${alteredSql('synchronous_standby_names')})`
const senderTimeoutSql = `select json_build_object(
  'ms', (select setting::int from pg_settings where name = 'wal_sender_timeout'),
  'mayAlter', coalesce(current_setting('allow_alter_system', true), 'on') = 'on', 'altered', ${alteredSql('wal_sender_timeout')})`

const shell = (script: string, ...values: string[]) => ['sh', '-c', script, 'sh', ...values]

/** What a server follows and how that is changed, over SSH and its own socket. Actions are judged by exit status, and by the caller's own look afterwards. */
export const makeReplication = (ssh: Ssh, warm: WarmPool): { read: ReplicationRead; act: ReplicationAct } => {
  const run = async (instance: InstanceAddress, what: string, argv: string[], options: CallOptions): Promise<CommandResult> => {
    const result = await ssh.exec(instance.host, argv, options)
    if (result.exitCode !== 0)
      throw new Fault('shell.failed', {
        isOver: true,
        host: instance.host.hostname,
        exitCode: result.exitCode,
        because: `${what} on ${instance.host.hostname} failed: ${result.stderr.trim().split('\n')[0] || `exit code ${result.exitCode}`}`,
      })
    return result
  }
  const ask = (instance: InstanceAddress, sql: string, options: CallOptions) => askJson<unknown>(ssh, warm, instance, '', sql, options)
  const majorOf = (instance: InstanceAddress) => Number.parseInt(instance.major ?? '', 10)

  const promoteByTool = async (instance: InstanceAddress, options: CallOptions): Promise<void> => {
    const argv = shell(promoteScript, instance.dataDirectory, instance.binDirectory ?? '')
    await run(instance, quoteShell(['pg_ctl', 'promote']), argv, options)
  }
  const takeover = makeTakeover(ssh, warm, promoteByTool)

  const read: ReplicationRead = {
    ...takeover.read,
    dataDirectory: async (instance, { withSizes, ...options }) => {
      const argv = shell(dataDirectoryScript, instance.dataDirectory, instance.binDirectory ?? '', withSizes ? 'sizes' : '')
      return parseDataDirectory((await run(instance, 'Looking at the data directory', argv, options)).stdout)
    },
    history: async (instance, timeline, options) => {
      if (timeline <= 1) return []
      const name = `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`
      const script = 'cat "$1/pg_wal/$2" 2>/dev/null || cat "$1/pg_xlog/$2"'
      return parseHistory((await run(instance, `Reading ${name}`, shell(script, instance.dataDirectory, name), options)).stdout)
    },
    synchronousSetting: (instance, options) => askJson(ssh, warm, instance, 'matriarch_synchronous', synchronousSql, options),
    senderTimeoutSetting: (instance, options) => askJson(ssh, warm, instance, 'matriarch_sender_timeout', senderTimeoutSql, options),
    tryReplication: async (instance, following, options) => {
      // The word that a walreceiver is looked up by in a passfile.
      const conninfo = writeConninfo({ ...following.conninfo, dbname: 'replication', replication: 'true' })
      const result = await ssh.exec(
        instance.host,
        shell(identifyScript, instance.binDirectory ?? '', instance.major ?? '', conninfo),
        options,
      )
      const [systemIdentifier, timeline, lsn] = result.stdout.trim().split('|')
      if (result.exitCode === 0 && systemIdentifier && timeline && lsn)
        return { works: true, systemIdentifier, timeline: Number(timeline), lsn }
      const lines = result.stderr.trim().split('\n')
      const because = lines.find((line) => !line.startsWith('WARNING:')) || lines[0] || `psql ended with exit code ${result.exitCode}`
      return { works: false, because, isAnswered: isServersAnswer(result.stderr) }
    },
    commands: {
      promote: ({ major, dataDirectory }) => [promoteCommand(major, dataDirectory)],
      follow: (_instance, following) => followLines(following),
    },
  }

  const act: ReplicationAct = {
    ...takeover.act,
    promote: async (instance, options) => {
      if (majorOf(instance) >= 12) await ask(instance, 'select to_json(pg_promote(false))', options)
      else await promoteByTool(instance, options)
    },
    follow: async (instance, following, options) => {
      const lines = following === null ? '' : followLines(following).join('\n')
      const argv = shell(followScript, instance.dataDirectory, instance.binDirectory ?? '', lines, standbyLines.join('\n'))
      await run(instance, 'Writing primary_conninfo', argv, options)
    },
    clearStandbySignal: async (instance, options) => {
      await run(instance, 'Removing standby.signal', shell(unfollowScript, instance.dataDirectory), options)
    },
    setSynchronous: (instance, altered, options) => alterSystem(ssh, instance, 'synchronous_standby_names', altered, options),
    setSenderTimeout: (instance, altered, options) => alterSystem(ssh, instance, 'wal_sender_timeout', altered, options),
    createSlot: async (instance, name, options) => {
      await ask(instance, `select to_json(slot_name) from pg_create_physical_replication_slot(${quoteLiteral(name)}, true)`, options)
    },
    dropSlot: async (instance, name, options) => {
      await ask(instance, `select to_json(pg_drop_replication_slot(${quoteLiteral(name)})::text)`, options)
    },
  }
  return { read, act }
}
