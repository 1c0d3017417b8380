import { dirname } from 'node:path'
import type { Lab } from '@/lib/playground/lab/lab'
import { until } from '@/lib/playground/machine/processes'
import { readSecrets } from '@/lib/playground/machine/secrets'
import { pgbouncerText, poolerConfigPath, poolerPort } from '@/lib/playground/services/poolers'

/** A PgBouncer in front of a primary that the lab itself knows nothing of, for the lab's application, as an administrator would set it up. */
export const startPooler = async (
  lab: Lab,
  host: string,
  { database, primary }: { database: string; primary: { host: string; port: number } },
): Promise<void> => {
  const folder = dirname(poolerConfigPath)
  const asOwner = process.getuid!() === 0 ? { user: 'root' as const } : {}
  await lab.hosts.mustExec(host, ['mkdir', '-p', folder], asOwner)
  await lab.hosts.mustExec(host, ['chown', 'postgres', folder], asOwner)
  const put = (path: string, text: string) => lab.hosts.writeFile(host, path, text, { owner: 'postgres', mode: 0o640 })
  put(`${folder}/userlist.txt`, `"app" "${readSecrets(lab.layout).app}"\n`)
  put(poolerConfigPath, pgbouncerText([`${database} = host=${primary.host} port=${primary.port} dbname=${database}`]))
  await lab.hosts.mustExec(host, ['pgbouncer', '-q', '-d', poolerConfigPath])
  const socket = `/var/run/postgresql/.s.PGSQL.${poolerPort}`
  const listens = async () => (await lab.hosts.exec(host, ['test', '-S', socket])).code === 0
  await until(`PgBouncer on ${host} to listen`, listens, { timeoutMs: 30_000, everyMs: 50 })
}
