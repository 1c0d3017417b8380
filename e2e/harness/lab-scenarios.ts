import { failover } from '@/lib/operations/failover'
import { promote } from '@/lib/operations/promote'
import { rejoin } from '@/lib/operations/rejoin'
import { repoint } from '@/lib/operations/repoint'
import { switchover } from '@/lib/operations/switchover'
import type { Fleet } from '@/lib/playground/fleet'
import { until } from '@/lib/playground/processes'
import { testFleet } from './lab'
import { type Cast, probeOf } from './lab-canon'
import type { LabHerd } from './lab-herd'
import type { Scenario } from './lab-matrix'

export const matrixHerd = 'shop'

/** Two poolers, one in front and one on the host of a member; each serves two databases of the herd and one of another herd. */
export const pooledFleet = (): Fleet => {
  const also = [
    { name: 'reports', herd: matrixHerd, database: 'postgres' },
    { name: 'stock', herd: 'stock' },
  ]
  const poolers = ['front', 'c'].map((host) => ({ host, herd: matrixHerd, also }))
  return testFleet({ [matrixHerd]: 'a > b, c', stock: 'c' }, { idleHosts: ['front'], poolers })
}

const titleOf = (host: string): string => `${matrixHerd} on ${host}`
const herdTarget = () => matrixHerd

const pgCtl = ({ lab }: LabHerd, host: string, words: string): Promise<string> => {
  const { postgresMajor, herds } = lab.fleet
  const { dataDirectory } = herds.find(({ name }) => name === matrixHerd)!
  return lab.hosts.mustExec(host, ['bash', '-c', `/usr/lib/postgresql/${postgresMajor}/bin/pg_ctl -D ${dataDirectory} -w -s ${words}`])
}
const start = ({ lab }: LabHerd, host: string): Promise<string> => {
  const { postgresMajor, herds } = lab.fleet
  const { baseName } = herds.find(({ name }) => name === matrixHerd)!
  return lab.hosts.mustExec(host, ['/usr/local/lib/lab/start-cluster.sh', String(postgresMajor), baseName], { timeoutMs: 60_000 })
}
const crash = (lab: LabHerd, host: string) => pgCtl(lab, host, '-m immediate stop')
const stop = (lab: LabHerd, host: string) => pgCtl(lab, host, '-m fast stop')

export const promoteByHand = async (lab: LabHerd, { primary, candidate }: Cast): Promise<void> => {
  await pgCtl(lab, candidate, 'promote')
  const { timeline } = await probeOf(lab, candidate)
  lab.replaced.set(titleOf(primary), {
    byId: titleOf(candidate),
    timeline: timeline ?? 0,
    because: `${titleOf(candidate)} was promoted in its stead.`,
  })
}

/** It writes what nobody receives, and is shut down cleanly after the other was promoted. */
const fork = async (lab: LabHerd, cast: Cast): Promise<void> => {
  const { primary, candidate, third } = cast
  for (const other of [candidate, third]) await lab.lab.network.cutBetween(primary, other)
  await lab.lab.hosts.mustExec(primary, ['psql', '-Xqc', 'create table if not exists forked as select 1 as n'])
  await crash(lab, primary)
  await promoteByHand(lab, cast)
  await lab.lab.network.heal()
  await start(lab, primary)
  await stop(lab, primary)
}

const everybody = ['primary', 'candidate', 'third'] as const

export const scenarios: readonly Scenario[] = [
  {
    name: 'planned failover',
    operation: failover,
    prepare: async () => {},
    targetId: herdTarget,
    input: ({ candidate }) => ({ candidate: titleOf(candidate) }),
    losable: everybody,
  },
  {
    name: 'emergency failover of a crashed server',
    operation: failover,
    prepare: async (lab, { primary }) => {
      await crash(lab, primary)
    },
    targetId: herdTarget,
    input: ({ candidate }) => ({ candidate: titleOf(candidate) }),
    losable: everybody,
    mayLose: true,
  },
  {
    name: 'emergency failover of a host that is off',
    operation: failover,
    prepare: async (lab, { primary, candidate }) => {
      await crash(lab, primary)
      await lab.lab.powerOff(primary)
      await until('the candidate to hear nothing', async () => (await probeOf(lab, candidate)).upstream?.status !== 'streaming', {
        timeoutMs: 60_000,
      })
    },
    targetId: herdTarget,
    input: ({ candidate }) => ({ candidate: titleOf(candidate), override: matrixHerd }),
    losable: ['candidate', 'third'],
    mayLose: true,
    mayReturn: true,
  },
  {
    name: 'repoint under another standby',
    operation: repoint,
    prepare: async () => {},
    targetId: ({ third }) => titleOf(third),
    input: ({ candidate }) => ({ upstream: titleOf(candidate) }),
    losable: everybody,
  },
  {
    name: 'promotion where the primary is down',
    operation: promote,
    prepare: async (lab, { primary }) => {
      await stop(lab, primary)
    },
    targetId: ({ candidate }) => titleOf(candidate),
    input: () => ({}),
    losable: ['candidate', 'third'],
  },
  {
    name: 'rejoin of a primary that was shut down first',
    operation: rejoin,
    prepare: async (lab, cast) => {
      await stop(lab, cast.primary)
      await promoteByHand(lab, cast)
    },
    targetId: ({ primary }) => titleOf(primary),
    input: () => ({}),
    losable: ['primary', 'candidate'],
  },
  {
    name: 'rejoin of a primary that has forked',
    operation: rejoin,
    prepare: fork,
    targetId: ({ primary }) => titleOf(primary),
    input: () => ({}),
    losable: ['primary', 'candidate'],
    mayLose: true,
  },
  {
    name: 'switchover through poolers',
    operation: switchover,
    prepare: async () => {},
    targetId: herdTarget,
    input: ({ candidate }) => ({ candidate: titleOf(candidate) }),
    losable: [],
    isThroughPoolers: true,
  },
]
