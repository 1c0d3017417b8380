import type { ManagersSeen } from '@/lib/domain/managers/manager'
import type { FoundPooler } from '@/lib/ports'
import { findManagersScript, parseManagers } from './find-managers'
import { findPoolersScript, parseFoundPooler } from './find-poolers'

/**
 * What a host says of itself, in one round trip: fixed text, the profile as `$1`. Prints `key=value` lines, the clock first, so that the time of the
 * first output is the time it was read. A host of any POSIX kind answers what it can.
 */
export const surveyScript = `
LC_ALL=C; export LC_ALL
echo "clock=$(date +%s.%N 2>/dev/null)"
echo "user=$(id -un)"
echo "home=$HOME"
[ -r /etc/os-release ] && ( . /etc/os-release; echo "os=$PRETTY_NAME" )
[ -r /proc/loadavg ] && { read -r load rest </proc/loadavg; echo "load=$load"; }
n=$(getconf _NPROCESSORS_ONLN 2>/dev/null) && echo "cpus=$n"
[ -r /proc/stat ] && { read -r ticks </proc/stat; echo "ticks=$ticks"; }
if [ -r /proc/meminfo ]; then while read -r key value unit; do
  case $key in MemTotal:) echo "memory=$value" ;; MemAvailable:) echo "available=$value"; break ;; SwapTotal:) break ;; esac
done </proc/meminfo; fi
[ "$1" = facts ] && shift && full= || full=yes
clusters() {
  if [ -n "$full" ] && command -v pg_lsclusters >/dev/null 2>&1; then pg_lsclusters -h 2>/dev/null
  elif [ -d /etc/postgresql ]; then
    for c in /etc/postgresql/*/*/postgresql.conf; do
      [ -r "$c" ] || continue
      d=$(sed -n "s/^data_directory *= *'\\(.*\\)'.*/\\1/p" "$c"); [ -n "$d" ] && echo "- - - - - $d -"
    done
  fi
}
disks() { df -Pk -- "$1" "$1/pg_wal" "$1"/pg_tblspc/* 2>/dev/null | sed -n '2,$s/^/disk=/p'; }
list=$(clusters)
printf '%s\\n' "$list" | while read -r version name port status owner data log; do
  [ -n "$data" ] || continue
  [ -n "$full" ] && echo "cluster=$version $name $port $status $owner $data"
  disks "$data"
done
for d in "$@"; do [ -d "$d" ] && disks "$d"; done
${findPoolersScript}
[ -n "$full" ] || {
${findManagersScript}
}
[ -n "$full" ] || exit 0
for p in pg_ctlcluster pg_lsclusters systemctl psql pg_ctl; do w=$(command -v $p 2>/dev/null) && echo "program.$p=$w"; done
for d in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
  [ -x "$d/postgres" ] && echo "server=$d $("$d/postgres" --version 2>/dev/null)"
done
exit 0`

export interface Survey {
  clockSeconds: number | null
  user: string
  os: string | null
  cpus: number | null
  loadPerCpu: number | null
  cpuBusy: number | null
  cpuTotal: number | null
  memoryBytes: number | null
  memoryAvailableBytes: number | null
  /** Each file system that holds a data directory, its WAL or a tablespace, once. */
  disks: { mount: string; bytes: number; freeBytes: number }[]
  clusters: { version: string; name: string; port: number; status: string; owner: string; data: string }[]
  programs: Record<string, string>
  servers: { bin: string; version: string }[]
  poolers: FoundPooler[]
  managers: ManagersSeen | null
}

const numberOrNull = (text: string | undefined): number | null => (text && Number.isFinite(Number(text)) ? Number(text) : null)

export const parseSurvey = (output: string): Survey => {
  const survey: Survey = {
    clockSeconds: null,
    user: '',
    os: null,
    cpus: null,
    loadPerCpu: null,
    cpuBusy: null,
    cpuTotal: null,
    memoryBytes: null,
    memoryAvailableBytes: null,
    disks: [],
    clusters: [],
    programs: {},
    servers: [],
    poolers: [],
    managers: parseManagers(output),
  }
  const single = new Map<string, string>()
  for (const line of output.split('\n')) {
    const found = /^([a-z]+)(?:\.([a-z_]+))?=(.*)$/.exec(line)
    if (!found) continue
    const [, key, part, value] = found as unknown as [string, string, string | undefined, string]
    if (key === 'program' && part) survey.programs[part] = value
    else if (key === 'cluster') addCluster(survey, value)
    else if (key === 'disk') addDisk(survey, value)
    else if (key === 'server') addServer(survey, value)
    else if (key === 'pooler') addPooler(survey, value)
    else single.set(key, value)
  }
  const load = numberOrNull(single.get('load'))
  const cpus = numberOrNull(single.get('cpus'))
  const memory = numberOrNull(single.get('memory'))
  const available = numberOrNull(single.get('available'))
  return {
    ...survey,
    // A `date` that knows no nanoseconds prints the letter.
    clockSeconds: numberOrNull(single.get('clock')?.replace(/\.%?N$/, '')),
    user: single.get('user') ?? '',
    os: single.get('os') || null,
    cpus,
    loadPerCpu: load !== null && cpus ? load / cpus : null,
    ...ticksOf(single.get('ticks')),
    memoryBytes: memory === null ? null : memory * 1024,
    memoryAvailableBytes: available === null ? null : available * 1024,
  }
}

/** `cpu user nice system idle iowait irq softirq steal guest guest_nice`; guests are counted in user and nice already. */
const ticksOf = (line: string | undefined): Pick<Survey, 'cpuBusy' | 'cpuTotal'> => {
  const ticks = /^cpu((?: +\d{1,19}){4,})/
    .exec(line ?? '')?.[1]
    ?.trim()
    .split(/ +/)
    .slice(0, 8)
    .map(Number)
  if (!ticks) return { cpuBusy: null, cpuTotal: null }
  const total = ticks.reduce((sum, one) => sum + one, 0)
  return { cpuBusy: total - ticks[3]! - (ticks[4] ?? 0), cpuTotal: total }
}

const addCluster = (survey: Survey, line: string): void => {
  const [version = '', name = '', port = '', status = '', owner = '', ...data] = line.split(' ')
  survey.clusters.push({ version, name, port: Number(port), status, owner, data: data.join(' ') })
}

/** More than a host has; each is compared with all before it. */
const disksMax = 100

/** `df -P`: device, size, used, free (kB), share, mount point, which may hold blanks. */
const addDisk = (survey: Survey, line: string): void => {
  const words = line.split(/\s+/)
  const at = words.findIndex((word, n) => n > 4 && word.startsWith('/') && words.slice(n - 4, n - 1).every((one) => /^\d+$/.test(one)))
  if (at < 0) return
  const mount = words.slice(at).join(' ')
  if (survey.disks.length >= disksMax || survey.disks.some((disk) => disk.mount === mount)) return
  survey.disks.push({ mount, bytes: Number(words[at - 4]) * 1024, freeBytes: Number(words[at - 2]) * 1024 })
}

const addServer = (survey: Survey, line: string): void => {
  const found = /^(\S+) .*?(\d{1,6}(?:\.\d{1,6}){1,3}|\d{1,6}(?:devel|beta\d{1,6}|rc\d{1,6}))/.exec(line)
  if (found) survey.servers.push({ bin: found[1]!, version: found[2]! })
}

const addPooler = (survey: Survey, json: string): void => {
  const found = parseFoundPooler(json)
  if (found) survey.poolers.push(found)
}
