import { existsSync } from 'node:fs'
import { collect, commandEnvironment, findProgram, installedMajors } from './programs.mjs'

/** Debian's packages, in plain JavaScript: they are installed while npm still brings its own. */

const program = (name, packageName) => ({ package: packageName, isThere: () => findProgram(name) !== undefined })

const playgroundNeeds = [
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
const fakeTime = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((architecture) => `/usr/lib/${architecture}/faketime/libfaketime.so.1`)

/** What the playground's cluster of Patroni needs besides: installed once the rest is up. */
const patroniNeeds = [program('patroni', 'patroni'), program('etcd', 'etcd-server'), program('haproxy', 'haproxy')]

/** Benches and scenarios ask name servers, lose a Redis and set the clock of a host wrong. */
const benchNeeds = [
  ...playgroundNeeds,
  program('redis-server', 'redis-server'),
  program('dig', 'bind9-dnsutils'),
  program('nsupdate', 'bind9-dnsutils'),
  { package: 'awscli', isThere: () => existsSync('/usr/bin/aws') },
  { package: 'libfaketime', isThere: () => fakeTime.some((path) => existsSync(path)) },
]
const testNeeds = [
  ...benchNeeds,
  program('ldapsearch', 'ldap-utils'),
  program('rsyslogd', 'rsyslog'),
  program('logger', 'bsdutils'),
  program('busybox', 'busybox'),
  ...patroniNeeds,
  program('sudo', 'sudo'),
  program('pgbackrest', 'pgbackrest'),
  { package: 'python3-idna', isThere: () => existsSync('/usr/lib/python3/dist-packages/idna/__init__.py') },
  { package: 'python3-aiosmtpd', isThere: () => existsSync('/usr/lib/python3/dist-packages/aiosmtpd') },
  { package: 'chromium', isThere: () => existsSync(process.env.CHROMIUM_PATH ?? '/usr/bin/chromium') },
]
const needs = { playground: playgroundNeeds, patroni: patroniNeeds, bench: benchNeeds, tests: testNeeds }

export const missingPackages = (purpose) => [...new Set(needs[purpose].filter((need) => !need.isThere()).map((need) => need.package))]

export const installCommand = (packages) => `sudo apt-get update && sudo apt-get install --no-install-recommends ${packages.join(' ')}`

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
	rsyslog) systemctl disable --quiet rsyslog.service syslog.socket ;;
	postgresql | pgbouncer | slapd | redis-server | haproxy | patroni) systemctl disable --quiet "$package.service" ;;
	esac
done
`

export const ensurePackages = async (purpose) => {
  const missing = missingPackages(purpose)
  if (missing.length === 0) return []
  await installPackages(missing)
  const still = missingPackages(purpose)
  if (still.length > 0) refuse(missing, `apt-get ran, yet these are not there: ${still.join(', ')}.`)
  return missing
}

const installTimeoutMs = 20 * 60_000

export const installPackages = async (missing) => {
  if (!findProgram('apt-get')) refuse(missing, 'This is not a Debian system; install the equivalent of them.')
  const isRoot = process.getuid?.() === 0
  const options = { env: commandEnvironment(), timeout: installTimeoutMs }
  if (!isRoot) {
    const hasSudo = findProgram('sudo') !== undefined && (await collect('sudo', ['-n', 'true'], options)).code === 0
    if (!hasSudo) refuse(missing, 'Only an administrator can install them.')
  }
  const [file, ...args] = [...(isRoot ? [] : ['sudo', '-n']), 'sh', '-c', installScript, 'install', ...missing]
  const { code, output } = await collect(file, args, options)
  if (code !== 0) refuse(missing, `apt-get failed: ${output.trim().split('\n').slice(-5).join('\n')}`)
}

/** With a code, as everything that a person can mend has one. */
const refuse = (missing, because) => {
  const error = new Error(`Debian packages are missing: ${missing.join(', ')}. ${because}\n${installCommand(missing)}`)
  throw Object.assign(error, { code: 'PACKAGES_MISSING' })
}
