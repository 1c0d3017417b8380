import { failover } from '@/lib/operations/failover'
import { promote } from '@/lib/operations/promote'
import { rejoin } from '@/lib/operations/rejoin'
import { repoint } from '@/lib/operations/repoint'
import { switchover } from '@/lib/operations/switchover'
import type { Fleet } from '@/lib/playground/fleet/fleet'
import { until } from '@/lib/playground/machine/processes'
import { testFleet } from '../lab'
import { crash, followByHand, fork, herdTarget, matrixHerd, promoteByHand, stop, titleOf } from './actions'
import { probeOf } from './canon'
import type { Scenario } from './scenario'
import { rebuildScenarios } from './scenarios-rebuild'

/** Two poolers, one in front and one on the host of a member; each serves two databases of the herd and one of another herd. */
export const pooledFleet = (): Fleet => {
  const also = [
    { name: 'reports', herd: matrixHerd, database: 'postgres' },
    { name: 'stock', herd: 'stock' },
  ]
  const poolers = ['front', 'c'].map((host) => ({ host, herd: matrixHerd, also }))
  return testFleet({ [matrixHerd]: 'a > b, c', stock: 'c' }, { idleHosts: ['front'], poolers })
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
      await followByHand(lab, cast.third, cast.candidate)
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
  ...rebuildScenarios,
  {
    name: 'switchover through poolers',
    operation: switchover,
    prepare: async () => {},
    targetId: herdTarget,
    input: ({ candidate }) => ({ candidate: titleOf(candidate) }),
    losable: [...everybody, 'pooler'],
    losesMidway: ['pause', 'stopAsStandby', 'reload', 'promoteAndCommit', 'resume'],
    isThroughPoolers: true,
  },
]
