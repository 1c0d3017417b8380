import type { Effect } from '@/lib/kernel/operation/operation'
import { lookAt } from '../steps/postgres/server'
import type { CreateFacts } from './facts'

/** The role that standbys of a herd without any other example follow as, where the herd names none. */
const replicator = 'replicator'

type ReplicatorFacts = Pick<CreateFacts, 'instance'> & { herd: Pick<CreateFacts['herd'], 'replicationUser'>; server: { title: string } }

const roleOf = ({ herd }: ReplicatorFacts): string => herd.replicationUser || replicator

const makeTimeoutMs = 30_000

/** So that the next standby of the herd finds what it needs. */
export const makeReplicator: Effect<ReplicatorFacts, null, null> = {
  title: 'Create the replication role',
  preview: (facts) => ({
    sentence: `Create the role ${roleOf(facts)} in ${facts.instance.title}. Its password is generated on ${facts.server.title} and kept in the passfile there; the console never sees it.`,
    commands: [`create role ${roleOf(facts)} login replication`],
  }),
  check: async ({ instance }, ports, { signal }) => {
    const probe = await lookAt(ports, instance, signal)
    return probe.state === 'online'
      ? { found: 'ready', before: null }
      : { found: 'blocked', because: `${instance.title} is ${probe.state}` }
  },
  run: async (facts, _before, ports, { signal }) => {
    await ports.act.clusters.makeReplicator(facts.instance.address, roleOf(facts), { timeoutMs: makeTimeoutMs, signal })
    return null
  },
  timeoutMs: makeTimeoutMs + 10_000,
  proof: 'answer',
  ending: { final: 'It is dropped together with the cluster.', harmless: true },
}
