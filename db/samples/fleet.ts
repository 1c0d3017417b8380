import { fleetMetrics, hostMetrics, instanceMetrics, placeOf } from '@/lib/domain/samples/metrics'
import { databaseFault, getPool } from '../pg/client'

const own = (name: (typeof instanceMetrics)[number]['name']): string => `s.figures[${placeOf(instanceMetrics, name)}]`
const host = `h.figures[${placeOf(hostMetrics, 'loadPerCpu')}]`

/** Larger than the longest time between two samples of one instance. */
const sampled = `interval '90 seconds'`

const figures: Record<(typeof fleetMetrics)[number]['name'], string> = {
  commits: `sum(${own('commits')}) filter (where i.role = 'primary')`,
  active: `sum(${own('active')})`,
  waiting: `sum(${own('waiting')})`,
  lagSeconds: `max(${own('lagSeconds')})`,
  loadPerCpu: `max(${host})`,
  seen: `count(s.figures) filter (where s.figures is not null)`,
}

const latestOf = (subject: string): string =>
  `select f.figures from samples_fresh f where f.subject = ${subject} and f.at > now() - ${sampled} order by f.at desc limit 1`

/** Of instances that nobody sampled nothing is known: they are in no figure but by their absence from `seen`. */
export const sumFleetSql = `insert into samples_fresh (subject, at, figures)
  select i.environment_id, date_trunc('minute', now()), array[${fleetMetrics.map(({ name }) => figures[name]).join(', ')}]::real[]
  from instances i left join lateral (${latestOf('i.id')}) s on true left join lateral (${latestOf('i.server_id')}) h on true
  group by i.environment_id having count(s.figures) > 0
  on conflict do nothing`

/** Writes what each environment looks like in this minute; the second to do so in one minute changes nothing. Throws `database.down`. */
export const sumFleet = async (): Promise<void> => {
  try {
    await getPool().query({ name: 'samples-fleet', text: sumFleetSql })
  } catch (error) {
    throw databaseFault(error)
  }
}
