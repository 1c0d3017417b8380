import { allHerds } from '@/lib/playground/services/patroni/as-herd'
import type { Stand } from './stand'
import type { StepOf } from './words'

const runTimeoutMs = 90_000

/** What a person types who is logged in on a host: with the environment of its member, and three commands of their own. */
export const runByHand = async ({ place }: Stand, { run, on, herd }: StepOf<'run'>): Promise<string> => {
  const { lab } = place
  const host = place.host(on)
  const member = allHerds(lab.fleet).find(({ members }) => members.some((one) => one.host === host))
  const { dataDirectory, port, baseName } = herd === undefined && member !== undefined ? member : place.herd(herd)
  const major = String(lab.fleet.postgresMajor)
  const commands = [
    `export PGDATA=${dataDirectory} PGPORT=${port} PATH=/usr/lib/postgresql/${major}/bin:$PATH`,
    'promote() { pg_ctl -s -w promote; }',
    'stop() { pg_ctl -s -w -m fast stop; }',
    `start() { /usr/local/lib/lab/start-cluster.sh ${major} ${baseName}; }`,
  ]
  const said = await lab.hosts.mustExec(host, ['bash', '-ec', [...commands, run].join('\n')], { timeoutMs: runTimeoutMs })
  return said.trim().split('\n').slice(0, 3).join('; ') || 'done'
}
