import { confSetting } from '@/lib/domain/replication/conf'
import { parseConninfo } from '@/lib/domain/values/conninfo'
import type { InstanceAddress, InstanceState, Probe } from '@/lib/ports'
import { versionText } from './probe-sql'
import { saysStandbyMode } from './replication-look'

/**
 * What can be seen of an instance without its server: one round trip, fixed text, everything that varies as a positional parameter.
 * $1 data directory, $2 socket, $3 major or '', $4 bin directory or ''. Prints `key=value` lines; parts of the control file under `control.`.
 */
export const lookScript = `
LC_ALL=C; export LC_ALL
data=$1 socket=$2 major=$3 bin=$4
[ -S "$socket" ] && echo socket=yes
if [ ! -d "$data" ]; then
  if [ -e "$data" ]; then echo data=no-directory
  elif p=$(dirname "$data"); [ -d "$p" ] && [ ! -x "$p" ]; then echo data=hidden
  else echo data=absent; fi
  exit 0
fi
if [ ! -r "$data" ] || [ ! -x "$data" ]; then echo data=hidden; exit 0; fi
if [ ! -f "$data/PG_VERSION" ]; then echo data=empty; exit 0; fi
echo data=present
read -r v <"$data/PG_VERSION"; echo "major=$v"
[ -n "$major" ] || major=$v
[ -e "$data/standby.signal" ] && echo signal=yes
if [ -r "$data/recovery.conf" ]; then ${saysStandbyMode} && echo signal=yes; sed -n 's/^[[:space:]]*\\(primary_[a-z_]*.*\\)/conf=\\1/p' "$data/recovery.conf"; fi
[ -r "$data/postgresql.auto.conf" ] && sed -n 's/^[[:space:]]*\\(primary_[a-z_]*.*\\)/conf=\\1/p' "$data/postgresql.auto.conf"
if [ -r "$data/postmaster.pid" ]; then
  n=0
  while IFS= read -r line; do n=$((n + 1)); case $n in 1) pid=$line ;; 3) echo "started=$line" ;; 5) echo "sockets=$line" ;; 8) echo "status=$line" ;; esac; done <"$data/postmaster.pid"
  if [ -n "$pid" ] && kill -s 0 "$pid" 2>/dev/null; then
    here=$(cd "$data" && pwd -P); there=$(readlink "/proc/$pid/cwd" 2>/dev/null)
    if [ -z "$there" ] || [ "$here" = "$there" ]; then echo "pid=$pid"
      while read -r key value; do [ "$key" = State: ] && echo "process=$value"; done <"/proc/$pid/status" 2>/dev/null
    fi
  fi
fi
for d in "$bin" "/usr/lib/postgresql/$major/bin" "/usr/pgsql-$major/bin" /usr/local/pgsql/bin /usr/local/bin; do
  if [ -n "$d" ] && [ -x "$d/pg_controldata" ]; then tool=$d/pg_controldata; break; fi
done
[ -n "$tool" ] || tool=$(command -v pg_controldata) || { echo control=missing; exit 0; }
"$tool" "$data" 2>/dev/null | sed 's/^/control./'
exit 0`

/** Keys to values; `conf` lines are joined, since a setting may stand in several files and the last one counts. */
const parseLook = (output: string): { values: Map<string, string>; control: Map<string, string>; conf: string } => {
  const values = new Map<string, string>()
  const control = new Map<string, string>()
  const conf: string[] = []
  for (const line of output.split('\n')) {
    const controlLine = /^control\.([^:]+):\s*(.*)$/.exec(line)
    const valueLine = /^([a-z]+)=(.*)$/.exec(line)
    if (controlLine) control.set(controlLine[1]!, controlLine[2]!.trim())
    else if (valueLine?.[1] === 'conf') conf.push(valueLine[2]!)
    else if (valueLine) values.set(valueLine[1]!, valueLine[2]!.trim())
  }
  return { values, control, conf: conf.join('\n') }
}

const unseen = {
  version: null,
  systemIdentifier: null,
  timeline: null,
  controlState: null,
  hasStandbySignal: null,
  postmasterPid: null,
  postmasterStartedAt: null,
  confLoadedAt: null,
  currentLsn: null,
  receivedLsn: null,
  replayedLsn: null,
  replaySeconds: null,
  upstream: null,
  standbys: [],
  slots: [],
  clients: null,
  maxConnections: null,
  activeTransactions: null,
  longestTransactionSeconds: null,
  pendingRestart: [],
} satisfies Partial<Probe>

/** A probe that saw nothing but why. */
export const blindProbe = (state: InstanceState, because: string, observedAt: string): Probe => ({
  ...unseen,
  state,
  role: 'unknown',
  because,
  observedAt,
})

const lsnOrNull = (value: string | undefined): string | null => (value && !/^0+\/0+$/.test(value) ? value : null)
const numberOrNull = (value: string | undefined): number | null => (value && Number(value) > 0 ? Number(value) : null)

/** `answer`: what the server itself said, when it runs and refuses. */
export const probeOfLook = (
  output: string,
  instance: InstanceAddress,
  observedAt: string,
  answer: { state: InstanceState; because: string } | null,
): Probe => {
  const { values, control, conf } = parseLook(output)
  const data = values.get('data')
  if (data !== 'present') return { ...blindProbe('unknown', '', observedAt), ...(answer ?? absence(data, instance)) }
  const controlState = control.get('Database cluster state') ?? null
  const wasInRecovery = controlState === 'shut down in recovery' || controlState === 'in archive recovery'
  const hasStandbySignal = values.get('signal') === 'yes'
  const isStandby = hasStandbySignal || wasInRecovery
  const started = numberOrNull(values.get('started'))
  const seen = answer ?? stateOf(values, controlState, instance)
  const conninfo = parseConninfo(confSetting(conf, 'primary_conninfo') ?? '')
  return {
    ...unseen,
    ...seen,
    // What it would be is not what it is: only a server that answers has a role.
    role: 'unknown',
    version: versionText(values.get('major') ?? ''),
    systemIdentifier: control.get('Database system identifier') ?? null,
    timeline: numberOrNull(control.get("Latest checkpoint's TimeLineID")),
    controlState,
    hasStandbySignal,
    postmasterPid: numberOrNull(values.get('pid')),
    postmasterStartedAt: started !== null && values.has('pid') ? new Date(started * 1000).toISOString() : null,
    currentLsn: isStandby ? null : lsnOrNull(control.get('Latest checkpoint location')),
    replayedLsn: isStandby ? lsnOrNull(control.get('Minimum recovery ending location')) : null,
    ...(control.size > 0 && (seen.state === 'stopped' || seen.state === 'crashed') ? endOf(control) : {}),
    upstream:
      isStandby && conninfo.host
        ? { host: conninfo.host, port: Number(conninfo.port ?? 5432), slotName: confSetting(conf, 'primary_slot_name'), status: null }
        : null,
    observedAt,
  }
}

const endOf = (control: ReadonlyMap<string, string>): Pick<Probe, 'canRewind' | 'ended'> => ({
  canRewind: control.get('wal_log_hints setting') === 'on' || Number(control.get('Data page checksum version') ?? 0) > 0,
  ended: {
    checkpointLsn: lsnOrNull(control.get('Latest checkpoint location')),
    minRecoveryLsn: lsnOrNull(control.get('Minimum recovery ending location')),
  },
})

const absence = (data: string | undefined, { dataDirectory, host }: InstanceAddress): { state: InstanceState; because: string } => {
  switch (data) {
    case 'absent':
      return { state: 'absent', because: `${dataDirectory} does not exist on ${host.hostname}.` }
    case 'empty':
      return { state: 'absent', because: `${dataDirectory} holds no data directory of PostgreSQL.` }
    case 'no-directory':
      return { state: 'absent', because: `${dataDirectory} is not a directory.` }
    case 'hidden':
      return { state: 'unknown', because: `${host.user} may not look into ${dataDirectory}.` }
  }
  return { state: 'unknown', because: `Looking at ${dataDirectory} on ${host.hostname} gave no answer.` }
}

const stateOf = (
  values: Map<string, string>,
  controlState: string | null,
  instance: InstanceAddress,
): { state: InstanceState; because: string } => {
  const pid = values.get('pid')
  if (pid !== undefined) {
    const status = values.get('status')
    if (status === 'starting') return { state: 'starting', because: 'The server is starting up.' }
    if (status === 'stopping') return { state: 'stopping', because: 'The server is shutting down.' }
    const frozen = values.get('process')?.startsWith('T') ? ' Its process is suspended (SIGSTOP).' : ''
    if (!values.has('socket')) {
      const named = values.get('sockets') ?? ''
      const hint =
        named === '' || named === instance.socketDirectory ? '' : ` Its postmaster.pid names ${named}: enter that as its socket directory.`
      return {
        state: 'unknown',
        because: `The server runs (process ${pid}), but has no socket for port ${instance.port} in ${instance.socketDirectory}.${hint}${frozen}`,
      }
    }
    return { state: 'unknown', because: `The server runs (process ${pid}), but does not answer.${frozen}` }
  }
  if (controlState === null) return { state: 'stopped', because: 'No server runs; the control file could not be read.' }
  if (controlState === 'shut down' || controlState === 'shut down in recovery')
    return { state: 'stopped', because: `No server runs; the control file says: ${controlState}.` }
  return { state: 'crashed', because: `No server runs, and it did not shut down: the control file says: ${controlState}.` }
}
