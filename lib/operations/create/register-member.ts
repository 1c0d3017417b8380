import type { Effect } from '@/lib/kernel/operation/operation'
import type { CreateFacts } from './facts'

const writeTimeoutMs = 15_000
const markTimeoutMs = 20_000

export const registerMember: Effect<CreateFacts, null, null> = {
  title: 'Register the instance',
  preview: ({ instance, herd }) => ({ sentence: `Register ${instance.title} as a member of ${herd.name}.`, commands: [] }),
  check: async ({ instance }, ports) => {
    const members = await ports.inventory.herdInstances(instance.herdId)
    return members.some(({ id }) => id === instance.id) ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async ({ instance: { id, herdId, serverId, address } }, _before, ports, { signal, jobId }) => {
    const { port, dataDirectory } = address
    await ports.act.inventory.register({ id, herdId, serverId, port, dataDirectory, jobId }, { timeoutMs: writeTimeoutMs, signal })
  },
  timeoutMs: 30_000,
  ending: {
    undo: ({ instance }, _before, _output, ports, { signal }) =>
      ports.act.inventory.unregister(instance.id, { timeoutMs: writeTimeoutMs, signal }),
    sentence: 'If the job fails later, the registration is removed.',
  },
}

/** It is a member like any other now: nothing of ours may drop it any more. */
export const handOver: Effect<Pick<CreateFacts, 'instance'>, null, null> = {
  title: 'Finish the creation',
  preview: ({ instance }) => ({
    sentence: `Remove the marker that allows ${instance.title} to be dropped if the creation fails.`,
    commands: [],
  }),
  check: async ({ instance }, ports, { signal }) => {
    const { made } = await ports.clusters.look(instance.address, { timeoutMs: markTimeoutMs, signal })
    return made === null ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: ({ instance }, _before, ports, { signal }) => ports.act.clusters.handOver(instance.address, { timeoutMs: markTimeoutMs, signal }),
  timeoutMs: markTimeoutMs + 10_000,
  ending: { final: 'It is registered and running.', harmless: true },
}
