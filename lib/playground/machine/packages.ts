import { existsSync } from 'node:fs'
import { LabError } from './error'
import { commandEnvironment, findProgram, installedMajors } from './machine'
import { runCommand } from './processes'

export type Purpose = 'playground' | 'tests'
type Need = { package: string; isThere: () => boolean }

const program = (name: string, packageName: string): Need => ({ package: packageName, isThere: () => findProgram(name) !== undefined })

const playgroundNeeds: Need[] = [
  { package: 'postgresql', isThere: () => installedMajors().length > 0 },
  program('pg_lsclusters', 'postgresql-common'),
  program('sshd', 'openssh-server'),
  program('ssh', 'openssh-client'),
  program('ip', 'iproute2'),
  program('nsenter', 'util-linux'),
  program('setpriv', 'util-linux'),
  program('pgbouncer', 'pgbouncer'),
  program('slapd', 'slapd'),
  program('named', 'bind9'),
  program('openssl', 'openssl'),
  program('curl', 'curl'),
  program('ps', 'procps'),
  program('perl', 'perl'),
  program('rsync', 'rsync'),
]
const testNeeds: Need[] = [
  ...playgroundNeeds,
  program('redis-server', 'redis-server'),
  program('ldapsearch', 'ldap-utils'),
  program('dig', 'bind9-dnsutils'),
  program('nsupdate', 'bind9-dnsutils'),
  program('busybox', 'busybox'),
  { package: 'chromium', isThere: () => existsSync(process.env.CHROMIUM_PATH ?? '/usr/bin/chromium') },
]

/** Debian packages that are missing, each once. An empty list means that nothing needs to be installed. */
export function missingPackages(purpose: Purpose): string[] {
  const needs = purpose === 'tests' ? testNeeds : playgroundNeeds
  return [...new Set(needs.filter((need) => !need.isThere()).map((need) => need.package))]
}

/** The newest PostgreSQL major of the distribution's packages. Call `ensurePackages` first. */
export function postgresMajor(): number {
  const [newest] = installedMajors()
  if (newest === undefined)
    throw new LabError('No PostgreSQL of the distribution is installed here.', { hint: installCommand(['postgresql']) })
  return newest
}

/** What an administrator types. */
export function installCommand(packages: readonly string[]): string {
  return `sudo apt-get update && sudo apt-get install --no-install-recommends ${packages.join(' ')}`
}

/**
 * Installing must change nothing else on this machine: no daemon is started now or at the next boot, and PostgreSQL's
 * package makes no "main" cluster.
 */
const installScript = `set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
cluster_dir=/etc/postgresql-common/createcluster.d
cluster_conf=$cluster_dir/matriarch-lab.conf
made_policy=
clean_up() {
	[ -z "$made_policy" ] || rm -f "$policy"
	rm -f "$cluster_conf"
	rmdir "$cluster_dir" 2>/dev/null || true
}
trap clean_up EXIT
trap 'exit 1' INT TERM
if [ ! -e "$policy" ] || grep -q matriarch-lab "$policy"; then
	made_policy=1
	printf '#!/bin/sh\\n# matriarch-lab: only while its packages are installed\\nexit 101\\n' >"$policy"
	chmod 755 "$policy"
fi
mkdir -p "$cluster_dir"
echo 'create_main_cluster = false' >"$cluster_conf"
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
[ -d /run/systemd/system ] || exit 0
for package in "$@"; do
	case $package in
	openssh-server) systemctl disable --quiet ssh.service ;;
	bind9) systemctl disable --quiet named.service ;;
	etcd-server) systemctl disable --quiet etcd.service ;;
	postgresql | pgbouncer | slapd | redis-server | haproxy | patroni) systemctl disable --quiet "$package.service" ;;
	esac
done
`

/** Installs what is missing as `installPackages` does. Returns the packages it installed. */
export async function ensurePackages(purpose: Purpose): Promise<string[]> {
  const missing = missingPackages(purpose)
  if (missing.length === 0) return []
  await installPackages(missing)
  const still = missingPackages(purpose)
  if (still.length > 0) refusePackages(missing, `apt-get ran, yet these are not there: ${still.join(', ')}.`)
  return missing
}

/**
 * Installs Debian packages when this process is root or may use sudo without a password; otherwise fails with the exact command. No daemon of theirs
 * is started. May take minutes.
 */
export async function installPackages(missing: readonly string[]): Promise<void> {
  if (!findProgram('apt-get')) refusePackages(missing, 'This is not a Debian system; install the equivalent of them.')
  const isRoot = process.getuid?.() === 0
  const env = commandEnvironment()
  if (!isRoot) {
    const hasSudo = findProgram('sudo') !== undefined && (await runCommand(['sudo', '-n', 'true'], { env })).code === 0
    if (!hasSudo) refusePackages(missing, 'Only an administrator can install them.')
  }
  const install = ['sh', '-c', installScript, 'install', ...missing]
  const result = await runCommand(isRoot ? install : ['sudo', '-n', ...install], { env, timeoutMs: 20 * 60_000 })
  if (result.code !== 0)
    refusePackages(missing, `apt-get failed: ${result.stderr.trim() || result.stdout.trim().split('\n').slice(-5).join('\n')}`)
}

function refusePackages(missing: readonly string[], because: string): never {
  throw new LabError(`Debian packages are missing: ${missing.join(', ')}. ${because}`, { hint: installCommand(missing) })
}
