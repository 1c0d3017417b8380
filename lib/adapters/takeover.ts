import { lsnBytesBetween } from '@/lib/domain/lsn'
import { standbyLines } from '@/lib/domain/replication-conf'
import { Fault } from '@/lib/kernel/errors'
import type { InstanceAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { FirstCommit, TakeoverAct, TakeoverRead } from '@/lib/ports/takeover'
import { type Deadline, deadlineIn, remainingMs, within } from './deadline'
import type { WarmPool } from './postgres-warm'
import { commandFor } from './profiles'
import { findTools } from './replication-look'
import type { Ssh } from './ssh'

/** Between two looks over a connection that is open. */
const lookEveryMs = 2
/** SIGHUP wakes a startup process that sleeps until it tries again to reach its upstream; without it a promotion may take 5 s. It costs a standby next to nothing. */
const wakeEveryMs = 10

/**
 * $1 data directory, $2 bin directory or '', $3 what recovery.conf needs, then the platform's own command to stop it fast, or nothing: the postmaster is
 * told itself. A service manager must hear of it first, or it starts the server again.
 */
const stopScript = `
LC_ALL=C; export LC_ALL
data=$1 bin=$2 standby=$3
shift 3
umask 077
nl='
'
read -r major <"$data/PG_VERSION" || exit 3
${findTools}
read -r pid <"$data/postmaster.pid" 2>/dev/null && kill -s 0 "$pid" 2>/dev/null || { echo "no server runs in $data" >&2; exit 4; }
if [ $# -gt 0 ]; then "$@" >/dev/null 2>&1 & else kill -s INT "$pid" || exit 5; fi
isGone=
while :; do
  seen=$("$tools/pg_controldata" "$data") || exit 3
  state=\${seen#*cluster state:}; state=\${state%%$nl*}
  case $state in *" shut down") break ;; esac
  [ -z "$isGone" ] || { echo "the server ended, and its control file says$state" >&2; exit 6; }
  kill -s 0 "$pid" 2>/dev/null || isGone=yes
  sleep 0.005 2>/dev/null || sleep 1
done
if [ "\${major%%.*}" -ge 12 ]; then
  : >"$data/standby.signal" && sync "$data/standby.signal" "$data" || exit 7
else
  kept=
  [ ! -e "$data/recovery.conf" ] || kept=$(grep -Eiv "^[[:space:]]*(standby_mode|recovery_target_timeline)([[:space:]=]|$)" "$data/recovery.conf")
  printf '%s\\n' "$kept" "$standby" >"$data/recovery.conf.new" && sync "$data/recovery.conf.new" &&
    mv "$data/recovery.conf.new" "$data/recovery.conf" && sync "$data" || exit 7
fi
lsn=\${seen#*Latest checkpoint location:}; lsn=\${lsn%%$nl*}
timeline=\${seen#*checkpoint\\'s TimeLineID:}; timeline=\${timeline%%$nl*}
echo $lsn $timeline`

/** In its own transaction: flushed here, and nowhere else waited for. Leaves no object behind. */
const writeSql = `begin read write; set local synchronous_commit = local;
select pg_logical_emit_message(true, 'matriarch', 'switchover'); commit;
select pg_current_wal_lsn()::text as lsn, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int as timeline`

type Ask = <Row>(sql: string) => Promise<Row>

/** Over the warm session of the instance and one command on its host. `promoteByTool`: up to 11, where no function does it. */
export const makeTakeover = (
  ssh: Ssh,
  warm: WarmPool,
  promoteByTool: (instance: InstanceAddress, options: CallOptions) => Promise<void>,
): { read: TakeoverRead; act: TakeoverAct } => {
  const holding = <T>(instance: InstanceAddress, options: CallOptions, work: (ask: Ask, deadline: Deadline) => Promise<T>): Promise<T> => {
    const deadline = deadlineIn(options.timeoutMs, options.signal)
    return warm.hold(instance, deadline, ({ client }) => work(asking(client, deadline), deadline))
  }
  return {
    read: {
      untilReplayed: (instance, lsn, options) =>
        holding(instance, options, async (ask, deadline) => {
          for (;;) {
            const { at, leads } = await ask<{ at: string | null; leads: boolean }>(
              'select not pg_is_in_recovery() as leads, case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end::text as at',
            )
            if (at !== null && (leads || (lsnBytesBetween(lsn, at) ?? 0) > 0)) return at
            if (remainingMs(deadline) < lookEveryMs)
              throw new Fault('sql.timeout', {
                isOver: true,
                because: `It has replayed to ${at ?? 'nowhere'}, and the last record is at ${lsn}.`,
              })
            await moment(deadline)
          }
        }),
    },
    act: {
      stopAsStandby: async (instance, options) => {
        const argv = ['sh', '-c', stopScript, 'sh', instance.dataDirectory, instance.binDirectory ?? '', standbyLines.join('\n')]
        const manager = instance.profile.endsWith('-systemd') ? commandFor(await withMajor(ssh, instance, options), 'stop', 'fast') : []
        const { exitCode, stdout, stderr } = await ssh.exec(instance.host, [...argv, ...manager], options)
        warm.drop(instance)
        const [checkpointLsn, timeline] = stdout.trim().split(' ')
        if (exitCode !== 0 || !checkpointLsn || !timeline)
          throw new Fault('shell.failed', {
            isOver: exitCode === 4,
            because: `Stopping the server on ${instance.host.hostname} failed: ${stderr.trim().split('\n')[0] || `exit code ${exitCode}`}`,
          })
        return { controlState: 'shut down', checkpointLsn, timeline: Number(timeline) }
      },
      takeLead: async (instance, options) => {
        const isOld = Number.parseInt(instance.major ?? '', 10) < 12
        if (isOld) await promoteByTool(instance, options)
        return holding(instance, options, async (ask, deadline) => {
          if (!isOld) await ask('select case when pg_is_in_recovery() then pg_promote(false) end')
          await untilLeading(ask, deadline)
          return ask<FirstCommit>(writeSql)
        })
      },
    },
  }
}

const untilLeading = async (ask: Ask, deadline: Deadline): Promise<void> => {
  for (let wokenAt = performance.now(); ; ) {
    if ((await ask<{ leads: boolean }>('select not pg_is_in_recovery() as leads')).leads) return
    if (remainingMs(deadline) === 0) throw new Fault('sql.timeout', { because: 'It was told to lead, and is still in recovery.' })
    if (performance.now() - wokenAt >= wakeEveryMs) {
      await ask('select pg_reload_conf()')
      wokenAt = performance.now()
    }
    await moment(deadline)
  }
}

const asking =
  (client: { query: (sql: string) => Promise<unknown> }, deadline: Deadline): Ask =>
  async <Row>(sql: string) => {
    const late = () => new Fault('sql.timeout', { because: 'The server did not answer in time.' })
    const answer = (await within(client.query(sql), deadline, late)) as { rows: Row[] } | { rows: Row[] }[]
    return (Array.isArray(answer) ? answer.at(-1)! : answer).rows[0] as Row
  }

const moment = (deadline: Deadline): Promise<void> =>
  within(
    new Promise((resolve) => setTimeout(resolve, lookEveryMs)),
    deadline,
    () => new Fault('sql.timeout', { because: 'The time is up.' }),
  )

const withMajor = async (ssh: Ssh, instance: InstanceAddress, options: CallOptions): Promise<InstanceAddress> => {
  if (instance.major !== null) return instance
  const { stdout } = await ssh.exec(instance.host, ['cat', '--', `${instance.dataDirectory}/PG_VERSION`], options)
  return { ...instance, major: stdout.trim() }
}
