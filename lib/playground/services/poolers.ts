import { chownSync, existsSync, mkdirSync } from 'node:fs'
import type { Fleet, FleetPooler } from '../fleet/fleet'
import type { Hosts } from '../hosts/hosts'
import { LabError } from '../machine/error'
import type { Layout } from '../machine/layout'
import type { Machine } from '../machine/machine'
import { until } from '../machine/processes'
import type { LabSecrets } from '../machine/secrets'

export const poolerPort = 6432
const folder = '/etc/pgbouncer'
export const poolerConfigPath = `${folder}/pgbouncer.ini`

/**
 * Gives each pooler of the fleet a file as an administrator would write it, in front of its herd's first primary, and starts it. A file that is there is
 * never touched again: its host starts that pooler by itself when it boots.
 */
export async function makePoolers(layout: Layout, machine: Machine, hosts: Hosts, fleet: Fleet, secrets: LabSecrets): Promise<void> {
  await Promise.all(
    (fleet.poolers ?? []).map(async (pooler) => {
      if (existsSync(layout.host(pooler.host, `${folder}/pgbouncer.ini`))) return
      await installPooler({ layout, machine, hosts }, pooler.host, poolerFile(fleet, pooler), secrets.app)
    }),
  )
}

/** Writes the file of a PgBouncer, for the lab's application, and starts it. */
export async function installPooler(
  { layout, machine, hosts }: { layout: Layout; machine: Machine; hosts: Hosts },
  host: string,
  text: string,
  appPassword: string,
): Promise<void> {
  const own = layout.host(host, folder)
  mkdirSync(own, { recursive: true })
  if (!machine.isRootless) chownSync(own, machine.postgres.uid, machine.postgres.gid)
  const put = (name: string, content: string) => hosts.writeFile(host, `${folder}/${name}`, content, { mode: 0o640, owner: 'postgres' })
  put('userlist.txt', `"app" "${appPassword}"\n`)
  put('pgbouncer.ini', text)
  await hosts.mustExec(host, ['pgbouncer', '-q', '-d', poolerConfigPath])
  const socket = `/var/run/postgresql/.s.PGSQL.${poolerPort}`
  const listens = async () => (await hosts.exec(host, ['test', '-S', socket])).code === 0
  await until(`PgBouncer on ${host} to listen`, listens, { timeoutMs: 30_000, everyMs: 50 })
}

/** A line of `[databases]` points at whatever stands for a herd's primary: its address in a file, the words for it in a template. */
type Aim = { host: string; port: number | string }

const primaryOf = (fleet: Fleet, pooler: FleetPooler, herd: string): Aim => {
  const served = fleet.herds.find(({ name }) => name === herd)
  const primary = fleet.hosts.find(({ name }) => name === served?.members.find(({ role }) => role === 'primary')?.host)
  if (!served || !primary) throw new LabError(`The pooler on ${pooler.host} is in front of ${herd}, which is no herd of the fleet.`)
  return { host: primary.address, port: served.port }
}

/** The file of a new pooler, pointing at its herds' first primaries. */
export const poolerFile = (fleet: Fleet, pooler: FleetPooler): string =>
  pgbouncerIni(fleet, pooler, (herd) => primaryOf(fleet, pooler, herd))

/** The template from which the console makes the same file, whichever member is primary. */
export const poolerTemplate = (fleet: Fleet, pooler: FleetPooler): string =>
  pgbouncerIni(fleet, pooler, (herd) =>
    herd === pooler.herd ? { host: '{{host}}', port: '{{port}}' } : { host: `{{host:${herd}}}`, port: `{{port:${herd}}}` },
  )

const pgbouncerIni = (
  fleet: Fleet,
  { herd, mode = 'transaction', also = [], isManaged }: FleetPooler,
  aimOf: (herd: string) => Aim,
): string => {
  const line = (one: { name?: string; herd: string; database?: string }): string => {
    const usual = fleet.herds.find(({ name }) => name === one.herd)?.baseName
    const { name = usual, database = usual } = one
    const { host, port } = aimOf(one.herd)
    return `${name} = host=${host} port=${port} dbname=${database}`
  }
  return pgbouncerText([{ herd }, ...also].map(line), { mode, isManaged: isManaged === true })
}

/** `lines`: those of `[databases]`. */
export const pgbouncerText = (
  lines: readonly string[],
  { mode = 'transaction', isManaged = false }: { mode?: string; isManaged?: boolean } = {},
): string => `;; ${isManaged ? 'Written by Matriarch: change the template on the page of the pooler, not this file.' : 'Written by hand: Matriarch does not manage this pooler yet.'}
[databases]
${lines.join('\n')}

[pgbouncer]
listen_addr = *
listen_port = ${poolerPort}
unix_socket_dir = /var/run/postgresql
logfile = /var/log/postgresql/pgbouncer.log
pidfile = /var/run/postgresql/pgbouncer.pid
auth_type = scram-sha-256
auth_file = ${folder}/userlist.txt
pool_mode = ${mode}
default_pool_size = 10
max_client_conn = 200
server_login_retry = 0.2
ignore_startup_parameters = extra_float_digits
`
