import { dataDirectoryOf, serversWith } from '@/lib/domain/stack/stack'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { type BuildFacts, stackIn } from './facts'
import { clusterNow } from './members'

const actTimeoutMs = 20_000

export const markBuilt = (): Effect<BuildFacts, null, null> => ({
  title: 'Record that it is built',
  preview: () => ({
    sentence: 'From now on a build writes only what differs from this file, makes no smoke test, and removes what is no longer declared.',
    commands: [],
  }),
  check: async (facts, ports) =>
    (await ports.stacks.declared(facts.declared.id)).builtFile === facts.declared.file
      ? { found: 'done', output: null }
      : { found: 'ready', before: null },
  run: ({ declared }, _before, ports, { signal }) =>
    ports.act.stacks.markBuilt(declared.id, declared.file, { timeoutMs: actTimeoutMs, signal }),
  timeoutMs: actTimeoutMs + 10_000,
  ending: {
    undo: (facts, _before, _output, ports, { signal }) =>
      ports.act.stacks.markBuilt(facts.declared.id, facts.declared.builtFile, { timeoutMs: actTimeoutMs, signal }),
    sentence: 'Record what was built before.',
  },
})

/** All or nothing, in the console's own database. */
export const registerHerd = (): Effect<BuildFacts, null, null> => {
  const isRegistered = async (facts: BuildFacts, ports: ReadPorts): Promise<boolean> => {
    const herd = await ports.inventory.herdIn(facts.declared.environmentId, stackIn(facts).cluster)
    if (herd === null) return false
    const there = new Set((await ports.inventory.herdInstances(herd.id)).map(({ serverId }) => serverId))
    return membersOf(facts).every(({ server }) => there.has(server.id)) && goneFrom(facts).every((id) => !there.has(id))
  }
  return {
    title: 'Register the herd',
    preview: (facts) => ({
      sentence: `Register the herd ${stackIn(facts).cluster} with ${membersOf(facts).length} members${goneFrom(facts).length === 0 ? '' : ', and remove those that have left it'}. Its poolers come to the inbox once their hosts are looked at.`,
      commands: [],
    }),
    check: async (facts, ports) =>
      (await isRegistered(facts, ports)) ? { found: 'done', output: null } : { found: 'ready', before: null },
    run: async (facts, _before, ports, { signal, jobId }) => {
      const stack = stackIn(facts)
      const cluster = await clusterNow(facts, ports.read, signal)
      if (cluster?.systemIdentifier == null)
        throw new Fault('shell.failed', { because: 'Patroni does not say the system identifier.', isOver: true })
      const herd = await ports.read.inventory.herdIn(facts.declared.environmentId, stack.cluster)
      const { port } = stack.postgres
      const dataDirectory = dataDirectoryOf(stack)
      await ports.act.inventory.registerCluster(
        {
          environmentId: facts.declared.environmentId,
          jobId,
          herd:
            herd === null
              ? { name: stack.cluster, clusterName: stack.cluster, port, dataDirectory, systemIdentifier: cluster.systemIdentifier }
              : { id: herd.id },
          members: membersOf(facts).map(({ server }) => ({ server, port, dataDirectory, socketDirectory: null })),
        },
        { timeoutMs: actTimeoutMs, signal },
      )
      const gone =
        herd === null
          ? []
          : (await ports.read.inventory.herdInstances(herd.id)).filter(({ serverId }) => goneFrom(facts).includes(serverId))
      for (const { id } of gone) await ports.act.inventory.unregister(id, { timeoutMs: actTimeoutMs, signal })
    },
    timeoutMs: actTimeoutMs + 10_000,
    ending: { final: 'The cluster stands and is registered: remove it on its pages.' },
  }
}

const membersOf = (facts: BuildFacts): { server: { id: string } }[] =>
  serversWith(stackIn(facts), 'postgres').map(({ name }) => ({ server: { id: facts.hosts.find((one) => one.name === name)!.server.id } }))

/** Servers whose member has left. */
const goneFrom = ({ leaving }: BuildFacts): string[] =>
  leaving.flatMap(({ parts, server }) => (server !== null && parts.includes('postgres') ? [server.id] : []))
