import type { Effect } from '@/lib/kernel/operation'
import { lookAt } from '../steps/server'
import type { CreateFacts } from './facts'

/** The role that standbys of a herd without any other example follow as. */
export const replicator = 'replicator'

const makeTimeoutMs = 30_000

/** So that the next standby of the herd finds what it needs. */
export const makeReplicator: Effect<CreateFacts, null, null> = {
  title: 'Make the role for replication',
  preview: ({ instance, server }) => ({
    sentence: `Make the role ${replicator} in ${instance.title}. Its password is made on ${server.title} and kept in the passfile there; the console never sees it.`,
    commands: [`create role ${replicator} login replication`],
  }),
  check: async ({ instance }, ports, { signal }) => {
    const probe = await lookAt(ports, instance, signal)
    return probe.state === 'online'
      ? { found: 'ready', before: null }
      : { found: 'blocked', because: `${instance.title} is ${probe.state}` }
  },
  run: async ({ instance }, _before, ports, { signal }) => {
    await ports.clustersAct.makeReplicator(instance.address, replicator, { timeoutMs: makeTimeoutMs, signal })
    return null
  },
  timeoutMs: makeTimeoutMs + 10_000,
  proof: 'answer',
  ending: { final: 'It goes with the cluster, if that is dropped.', harmless: true },
}
