import { getPool } from '@/db/pg/client'
import { runAndWait } from '@/e2e/harness/submit'
import { startRedis, type TestRedis } from '@/e2e/harness/workers'
import { type Fleet, type FleetPatroni, herd, parseTopology } from '@/lib/playground/fleet/fleet'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { until } from '@/lib/playground/machine/processes'
import { allHerds } from '@/lib/playground/services/patroni/as-herd'
import type { Child } from '@/lib/playground/start/processes'
import { seedPatroni } from '@/lib/playground/start/seed'
import { openStage, type Stage } from '../stage'
import { furnish } from './furnish'
import { openHolds } from './holds'
import { untilPatroniSeen } from './observed-patroni'
import type { Place, Redis, Workers } from './place'
import type { Scenario, ScenarioFleet } from './words'

/** One lab, one console and its workers, on which scenarios run one after the other, each on hosts and herds of its own. */
export interface World {
  /** What a scenario may touch. */
  place: (scenario: Scenario) => Place
  close: () => Promise<void>
}

/** Whose hosts it runs on: a cluster of Patroni takes a minute to be made, so scenarios with the same one share it, one after the other. */
const homeOf = (scenarios: readonly Scenario[], scenario: Scenario): Scenario =>
  hasPatroni(scenario) ? scenarios.find(({ fleet }) => JSON.stringify(fleet) === JSON.stringify(scenario.fleet))! : scenario

const markOf = (scenarios: readonly Scenario[], scenario: Scenario): string =>
  scenarios.length === 1 ? '' : `s${scenarios.indexOf(homeOf(scenarios, scenario)) + 1}-`

const hostsOf = ({ herds, poolers }: ScenarioFleet): string[] => [
  ...new Set([...Object.values(herds).flatMap(({ members }) => parseTopology(members).map(({ host }) => host)), ...Object.keys(poolers)]),
]

const poolersOf = ({ poolers }: ScenarioFleet, herd: string) =>
  Object.entries(poolers)
    .map(([host, pooler]) => ({
      host,
      databases: [
        ...(pooler.herd === herd ? [herd] : []),
        ...Object.entries(pooler.also).flatMap(([name, one]) => (one.herd === herd ? [name] : [])),
      ],
    }))
    .filter(({ databases }) => databases.length > 0)

const isPatroni = ({ herds }: ScenarioFleet, herd: string): boolean => herds[herd]?.manager === 'patroni'
export const hasPatroni = ({ fleet }: Scenario): boolean => Object.keys(fleet.herds).some((name) => isPatroni(fleet, name))

const patroniOf = (fleet: ScenarioFleet, mark: string): FleetPatroni[] =>
  Object.entries(fleet.herds)
    .filter(([name]) => isPatroni(fleet, name))
    .map(([name, { members }]) => ({
      ...{ name: `${mark}${name}`, environment: `${mark}lab`, scope: name, baseName: name },
      virtualHost: `${name}.${mark}lab.db.lab.test`,
      members: parseTopology(members).map(({ host }) => `${mark}${host}`),
      doors: poolersOf(fleet, name).map(({ host }) => `${mark}${host}`),
    }))

/** Every scenario’s fleet side by side. */
const fleetOf = (scenarios: readonly Scenario[]): Fleet => {
  const major = postgresMajor()
  const all = scenarios
    .filter((scenario) => homeOf(scenarios, scenario) === scenario)
    .map((scenario) => ({ scenario, mark: markOf(scenarios, scenario) }))
  const hosts = all.flatMap(({ scenario, mark }) =>
    hostsOf(scenario.fleet).map((host) => ({ name: `${mark}${host}`, environment: `${mark}lab` })),
  )
  const volumes = Object.fromEntries(
    all.flatMap(({ scenario, mark }) =>
      Object.entries(scenario.fleet.volumes).map(([host, { data, wal }]) => [
        `${mark}${host}`,
        { ...(data ? { dataMiB: data } : {}), ...(wal ? { walMiB: wal } : {}) },
      ]),
    ),
  )
  return {
    name: 'scenarios',
    postgresMajor: major,
    environments: all.map(({ mark }) => ({ name: `${mark}lab`, colour: 'green', protection: 'open' })),
    hosts: hosts.map(({ name, environment }, index) => ({
      name,
      address: `198.18.9.${index + 11}`,
      environment,
      site: index % 2 === 0 ? 'ams' : 'fra',
      tags: [],
      ...(volumes[name] ? { volumes: volumes[name] } : {}),
    })),
    herds: all.flatMap(({ scenario, mark }) =>
      Object.entries(scenario.fleet.herds).flatMap(([name, { members, manager }], index) =>
        manager === 'patroni'
          ? []
          : [
              {
                ...herd(major, `${mark}lab`, name, 5432 + index, 'x', `${mark}${name}`),
                members: parseTopology(members).map(({ host, role, upstream }) => ({
                  host: `${mark}${host}`,
                  role,
                  upstream: upstream && `${mark}${upstream}`,
                })),
              },
            ],
      ),
    ),
    patroni: all.flatMap(({ scenario, mark }) => patroniOf(scenario.fleet, mark)),
    poolers: all.flatMap(({ scenario, mark }) =>
      Object.entries(scenario.fleet.poolers).flatMap(([host, pooler]) =>
        isPatroni(scenario.fleet, pooler.herd)
          ? []
          : [
              {
                host: `${mark}${host}`,
                herd: `${mark}${pooler.herd}`,
                ...(pooler.mode ? { mode: pooler.mode } : {}),
                also: Object.entries(pooler.also).map(([name, one]) => ({ ...one, name, herd: `${mark}${one.herd}` })),
              },
            ],
      ),
    ),
    strays: [],
    groups: [],
    people: [],
    hasNames: scenarios.some(({ fleet }) => fleet.names),
  }
}

export const openWorld = async (scenarios: readonly Scenario[]): Promise<World> => {
  const server = scenarios.some(({ fleet }) => fleet.queue === 'redis') ? await startRedis() : null
  const redis = server && keepRedis(server)
  const undo: (() => Promise<unknown>)[] = server ? [server.stop] : []
  const close = async () => {
    for (const end of undo.toReversed()) await end()
  }
  try {
    const stage = await openStage(fleetOf(scenarios), server ? { redisUrl: server.url } : {})
    undo.push(stage.close)
    const workers = keepWorkers(stage)
    undo.push(async () => workers.thaw())
    const holds = await openHolds(stage.databaseUrl)
    undo.push(holds.close)
    await stage.lab.patroniUp()
    const { patroni = [], postgresMajor: major, hasNames } = stage.lab.fleet
    const names = hasNames ? stage.lab.names() : { zones: [] }
    for (const cluster of patroni) await seedPatroni(cluster, major, names)
    for (const scenario of scenarios.filter((one) => homeOf(scenarios, one) === one))
      await furnish(placeOf(stage, scenarios, scenario, { holds, workers, redis }), scenario.fleet)
    await managePoolers(scenarios)
    for (const scenario of scenarios.filter(hasPatroni))
      await untilPatroniSeen(placeOf(stage, scenarios, scenario, { holds, workers, redis }))
    return { place: (scenario) => placeOf(stage, scenarios, scenario, { holds, workers, redis }), close }
  } catch (error) {
    await close()
    throw error
  }
}

const placeOf = (
  { lab, folder }: Stage,
  scenarios: readonly Scenario[],
  scenario: Scenario,
  tools: Pick<Place, 'holds' | 'workers' | 'redis'>,
): Place => {
  const mark = markOf(scenarios, scenario)
  const names = Object.keys(scenario.fleet.herds)
  const nameOf = (name: string | undefined) => `${mark}${name ?? names[0]!}`
  const herdOf = (name?: string) => allHerds(lab.fleet).find((one) => one.name === nameOf(name))!
  return {
    ...tools,
    lab,
    folder,
    host: (name) => (name === 'console' ? name : `${mark}${name}`),
    hosts: () => hostsOf(scenario.fleet).map((host) => `${mark}${host}`),
    herds: names,
    herd: herdOf,
    poolers: (name) => poolersOf(scenario.fleet, name),
    members: (name) => herdOf(name).members.map(({ host }) => host.slice(mark.length)),
    isOwn: (text) => text.includes(mark),
    plain: (text) => (mark === '' ? text : text.replaceAll(mark, '').replaceAll(mark.replace('-', '_'), '')),
  }
}

/** As a person does who has read the difference: the console writes their files from now on. */
const managePoolers = async (scenarios: readonly Scenario[]): Promise<void> => {
  const managed = scenarios.flatMap((scenario) =>
    Object.entries(scenario.fleet.poolers).flatMap(([host, { managed, herd }]) =>
      managed && !isPatroni(scenario.fleet, herd) ? [`${markOf(scenarios, scenario)}${host}`] : [],
    ),
  )
  if (managed.length === 0) return
  const sql = 'select p.id from poolers p join servers s on s.id = p.server_id where s.hostname = any($1)'
  const { rows } = await getPool().query<{ id: string }>(sql, [managed])
  await until('the herds of the poolers to be seen', () => areHerdsSeen(rows.map(({ id }) => id)), { timeoutMs: 90_000, everyMs: 100 })
  const run = await runAndWait({ operation: 'follow-primary', targets: rows.map(({ id }) => id) })
  const failed = run.jobs.find(({ state }) => state !== 'done')
  if (failed || run.jobs.length !== managed.length) throw new Error(`The poolers were not taken over: ${failed?.title}: ${failed?.because}`)
}

/** Of each database it is known which herd it points to: the lines of all of them are managed. */
const areHerdsSeen = async (ids: readonly string[]): Promise<boolean> => {
  const sql = `select 1 from poolers where id = any($1) and (seen is null or jsonb_path_exists(seen, '$[*] ? (@.herdId == null)'))`
  return (await getPool().query(sql, [ids])).rowCount === 0
}

const keepRedis = ({ kill, start }: TestRedis): Redis => {
  let isUp = true
  const redis: Redis = {
    kill: async () => {
      isUp = false
      await kill()
    },
    start: async () => {
      await start()
      isUp = true
    },
    mend: async () => {
      if (!isUp) await redis.start()
    },
  }
  return redis
}

const keepWorkers = (stage: Stage): Workers => {
  const all: { child: Child; isFrozen: boolean }[] = [{ child: stage.worker, isFrozen: false }]
  const living = () => all.filter(({ child }) => child.process.exitCode === null && child.process.signalCode === null)
  const workers: Workers = {
    kill: async () => {
      for (const { child } of living()) child.process.kill('SIGKILL')
      await until('the workers to die', () => living().length === 0, { timeoutMs: 20_000 })
    },
    freeze: () => {
      for (const one of living()) {
        one.child.process.kill('SIGSTOP')
        one.isFrozen = true
      }
    },
    thaw: () => {
      for (const one of living().filter(({ isFrozen }) => isFrozen)) {
        one.child.process.kill('SIGCONT')
        one.isFrozen = false
      }
    },
    start: async () => {
      const { rows } = await getPool().query<{ now: Date }>('select clock_timestamp() as now')
      const child = stage.startWorker()
      all.push({ child, isFrozen: false })
      await until(
        'the new worker to register',
        async () => {
          if (child.process.exitCode !== null) throw new Error(`The worker ended:\n${child.log()}`)
          return (await getPool().query('select 1 from workers where started_at > $1', [rows[0]!.now])).rowCount !== 0
        },
        { timeoutMs: 90_000, everyMs: 50 },
      )
    },
    mend: async () => {
      workers.thaw()
      if (living().length === 0) await workers.start()
    },
  }
  return workers
}
