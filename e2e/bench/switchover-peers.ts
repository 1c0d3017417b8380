import type { Lab } from '@/lib/playground/lab/lab'
import { until } from '@/lib/playground/machine/processes'
import { doors, type PatroniCluster, type PatroniHosts, patroniDatabase, restCredentials } from '../harness/patroni/room'

export interface SwitchoverPeer {
  name: string
  /** Where the clients connect, on the edge. */
  port: number
  run: (from: string, to: string) => Promise<void>
}

const orderTimeoutMs = 120_000
const [oursFolder, folder] = ['/etc/pgbouncer', '/var/lib/postgresql/pgbouncer']

/** The file of our pooler, pointing at Patroni's leader. */
const startPooler = async (lab: Lab, edge: string, ours: string, leader: string): Promise<void> => {
  const read = (name: string) => lab.hosts.mustExec(ours, ['cat', `${oursFolder}/${name}`])
  const put = (name: string, text: string) => lab.hosts.writeFile(edge, `${folder}/${name}`, text, { owner: 'postgres', mode: 0o640 })
  await lab.hosts.mustExec(edge, ['mkdir', folder])
  put('userlist.txt', await read('userlist.txt'))
  const aim = ` host=${lab.host(leader).address} port=5432`
  put('pgbouncer.ini', (await read('pgbouncer.ini')).replace(/ host=\S+ port=\S+/, aim).replaceAll(oursFolder, folder))
  await lab.hosts.mustExec(edge, ['pgbouncer', '-q', '-d', `${folder}/pgbouncer.ini`])
  const socket = `/var/run/postgresql/.s.PGSQL.${doors.pgbouncer}`
  await until('PgBouncer to listen', async () => (await lab.hosts.exec(edge, ['test', '-S', socket])).code === 0, { timeoutMs: 30_000 })
}

const order = `curl -sS -u "$1" -H 'content-type: application/json' -d "{\\"leader\\":\\"$2\\",\\"candidate\\":\\"$3\\"}" "$4"`

/**
 * Arguments: credentials, leader, candidate, URL, the leader's address, the candidate's. Clients are resumed as soon as the candidate takes writes,
 * which is before Patroni answers.
 */
const pausedOrder = `set -eu
console() { psql -XAtqc "$1" -h /var/run/postgresql -p ${doors.pgbouncer} -U pgbouncer pgbouncer; }
console 'PAUSE ${patroniDatabase}'
${order} >/tmp/answer &
until [ "$(psql -XAtqc 'select not pg_is_in_recovery()' -h "$6" -U app ${patroniDatabase} 2>/dev/null)" = t ]; do sleep 0.01; done
sed -i "s/ host=$5 / host=$6 /" ${folder}/pgbouncer.ini
console RELOAD
console 'RESUME ${patroniDatabase}'
wait
cat /tmp/answer
`

/** Patroni's own switchover by its REST interface, seen through HAProxy, and with the clients paused in PgBouncer meanwhile. `ours`: whose pooler is copied. */
export const switchoverPeers = async (lab: Lab, hosts: PatroniHosts, cluster: PatroniCluster, ours: string): Promise<SwitchoverPeer[]> => {
  await startPooler(lab, hosts.edge, ours, await cluster.leader())
  const words = (from: string, to: string) => [
    `${restCredentials.user}:${restCredentials.password}`,
    from,
    to,
    `http://${lab.host(from).address}:8008/switchover`,
    lab.host(from).address,
    lab.host(to).address,
  ]
  const run = (script: string) => async (from: string, to: string) => {
    const said = await lab.hosts.mustExec(hosts.edge, ['sh', '-c', script, 'sh', ...words(from, to)], { timeoutMs: orderTimeoutMs })
    if (!said.includes('Successfully switched over')) throw new Error(`Patroni says: ${said}`)
  }
  return [
    { name: 'Patroni behind HAProxy, as shipped', port: doors.haproxy, run: run(order) },
    { name: 'Patroni behind HAProxy, tuned', port: doors.haproxyTuned, run: run(order) },
    {
      name: 'Patroni behind PgBouncer, paused around it',
      port: doors.pgbouncer,
      run: async (from, to) => {
        await lab.hosts.mustExec(from, ['psql', '-XAtqc', 'checkpoint'])
        await run(pausedOrder)(from, to)
      },
    },
  ]
}
