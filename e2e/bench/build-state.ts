import { certificateFiles, partFiles, unitOf } from '@/lib/domain/stack/files'
import { type Stack, type StackServer, stackParts } from '@/lib/domain/stack/stack'
import { tlsFile } from '@/lib/domain/stack/stack-file'
import type { Lab } from '@/lib/playground/lab/lab'
import { until } from '@/lib/playground/machine/processes'

interface Member {
  role: string
  state: string
  lag?: number | string
}

const settleMs = 60_000

/** Throws where a cluster, whoever made it, is not what its file says: files with owners and modes, units, a leader with standbys that stream, every door. */
export const mustBeBuilt = async (lab: Lab, stack: Stack): Promise<void> => {
  for (const server of stack.servers) {
    const files = [...certificateFiles(server), ...stackParts.flatMap((part) => partFiles(stack, server, part, stack.servers[0]!))]
    for (const { path, owner, mode } of files) {
      const found = (await asRoot(lab, server, ['stat', '-c', '%U 0%a', path])).trim()
      if (found !== `${owner} ${mode}`) throw new Error(`${path} of ${server.name} is of ${found}, not of ${owner} ${mode}.`)
    }
    for (const unit of Object.values(unitOf)) {
      await asRoot(lab, server, ['systemctl', 'is-active', unit])
      await asRoot(lab, server, ['systemctl', 'is-enabled', unit])
    }
    await until(`every member of ${stack.cluster} to stream`, () => isWhole(lab, stack, server), { timeoutMs: settleMs, everyMs: 200 })
    const { proxy, pooler } = stack
    for (const [port, answer] of [
      [pooler.port, 'f'],
      [proxy.writePort, 'f'],
      [proxy.readPort, 't'],
    ] as const) {
      const answers = async () => (await ask(lab, stack, server, port)) === answer
      await until(`port ${port} of ${server.name} to lead to a ${answer === 'f' ? 'primary' : 'standby'}`, answers, { timeoutMs: settleMs })
    }
  }
}

const asRoot = (lab: Lab, { name }: StackServer, argv: readonly string[]): Promise<string> =>
  lab.hosts.mustExec(name, argv, { user: 'root', timeoutMs: 30_000 })

const isWhole = async (lab: Lab, stack: Stack, server: StackServer): Promise<boolean> => {
  const url = `https://${server.address}:${stack.patroni.restPort}/cluster`
  const { members } = JSON.parse(await asRoot(lab, server, ['curl', '-s', '-m', '5', '--cacert', tlsFile('ca.pem'), url])) as {
    members: Member[]
  }
  const standbys = members.filter(({ role }) => role !== 'leader')
  return (
    members.length === stack.servers.length &&
    members.length - standbys.length === 1 &&
    members.every(({ state }) => state === 'running' || state === 'streaming') &&
    standbys.every(({ lag }) => lag === 0) &&
    standbys.some(({ role }) => role === 'sync_standby')
  )
}

/** As the role of the poolers, whose password is on each of them. */
const ask = async (lab: Lab, { database }: Stack, server: StackServer, port: number): Promise<string> => {
  const script = `PGPASSWORD=$(sed -n 's/^"pgbouncer" "\\(.*\\)"$/\\1/p' /etc/pgbouncer/userlist.txt) exec psql -XAtqwc 'select pg_is_in_recovery()' -d "$1"`
  const target = `host=${server.address} port=${port} dbname=${database.name} user=pgbouncer sslmode=require connect_timeout=3`
  const { stdout } = await lab.hosts.exec(server.name, ['sh', '-c', script, 'sh', target], { user: 'root', timeoutMs: 30_000 })
  return stdout.trim()
}
