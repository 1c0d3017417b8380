import type { Effect } from '@/lib/kernel/operation/operation'
import { followOutput } from '../steps/postgres/server'
import type { CreateFacts } from './facts'

type Before = { key: string }

const lookTimeoutMs = 20_000
const makeTimeoutMs = 180_000
const dropTimeoutMs = 300_000

/** An empty cluster, set up and stopped. It carries a mark, so that only what this job made is ever dropped. */
export const makeCluster: Effect<CreateFacts, Before, null> = {
  title: 'Create the cluster',
  preview: ({ instance, kind, makes }) => ({
    sentence: `Create ${kind === 'primary' ? 'an empty cluster' : 'a cluster for the copy'} in ${instance.address.dataDirectory}, on port ${instance.address.port}.`,
    commands: makes,
  }),
  check: async ({ instance }, ports, { signal, intended }) => {
    const { made, directory, isConfigured } = await ports.clusters.look(instance.address, { timeoutMs: lookTimeoutMs, signal })
    if (intended === null) {
      if (directory === 'taken' || isConfigured) return { found: 'blocked', because: `something lies in ${instance.address.dataDirectory}` }
      return { found: 'ready', before: { key: crypto.randomUUID() } }
    }
    const isOurs = made?.key === intended.before.key
    if (isOurs && made.isWhole) return { found: 'done', output: null }
    return { found: 'ready', before: intended.before, ...(isOurs ? { partly: 'a part of the cluster is there' } : {}) }
  },
  run: async ({ instance, spec }, { key }, ports, context) => {
    const commands = ports.read.clusters.commands.make(instance.address, { ...spec, key })
    await ports.act.clusters.make(instance.address, { ...spec, key }, { timeoutMs: makeTimeoutMs, ...followOutput(context, commands) })
  },
  timeoutMs: makeTimeoutMs + 10_000,
  ending: {
    undo: async ({ instance }, { key }, _output, ports, context) => {
      for (const command of ports.read.clusters.commands.drop(instance.address)) context.note('command', command)
      await ports.act.clusters.drop(instance.address, key, { timeoutMs: dropTimeoutMs, signal: context.signal })
    },
    sentence: 'If the job fails later, what it created is dropped: data, configuration, log; nothing else.',
    timeoutMs: dropTimeoutMs + 60_000,
  },
}
