import { clusterNameOf, dataDirectoryOf } from '@/lib/domain/blueprints/launch/launched'
import type { Effect } from '@/lib/kernel/operation/operation'
import { followOutput } from '../../steps/postgres/server'
import { hostOf, instanceOn, lookTimeoutMs, settingsFor } from '../facts'
import { checkOnHost, specFor } from '../server'
import { mustRun } from '../trust'
import type { ReplaceFacts } from './facts'

const adoptTimeoutMs = 180_000

/** The data bring no configuration along, which lay on the old system disk. */
export const configureCluster = (): Effect<ReplaceFacts, null, null> => ({
  title: 'Configure the cluster',
  preview: (facts) => {
    const { blueprint } = facts.launch
    return {
      sentence: `Configure the cluster ${clusterNameOf(blueprint)} for its data in ${dataDirectoryOf(blueprint)}, set for the new machine. The data are not changed.`,
      commands: [
        `pg_createcluster ${blueprint.major} ${clusterNameOf(blueprint)} -d ${dataDirectoryOf(blueprint)}`,
        ...settingsFor(facts, null).map(({ name, value, because }) => `${name} = '${value}': ${because}`),
      ],
    }
  },
  check: checkOnHost(async (facts, host, ports, signal) => {
    const { isConfigured, directory } = await ports.clusters.look(instanceOn(facts, host), { timeoutMs: lookTimeoutMs, signal })
    return isConfigured && directory === 'taken'
  }) as Effect<ReplaceFacts, null, null>['check'],
  run: async (facts, _before, ports, context) => {
    const machine = await mustRun(facts, ports, context.signal)
    const instance = instanceOn(facts, hostOf(facts, machine))
    await ports.act.clusters.adopt(instance, specFor(facts, machine), { timeoutMs: adoptTimeoutMs, ...followOutput(context, []) })
  },
  timeoutMs: adoptTimeoutMs + 20_000,
  ending: { final: 'The configuration stays with the machine.', harmless: true },
})
