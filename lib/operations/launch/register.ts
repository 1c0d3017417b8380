import { clusterNameOf, dataDirectoryOf, launchPort } from '@/lib/domain/blueprints/launch/launched'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import { addressOf, hostOf, instanceOn, type LaunchFacts, lookTimeoutMs, memberName } from './facts'
import { mustRun } from './trust'

const actTimeoutMs = 20_000

/** All or nothing, in the console's own database. */
export const registerHerd = (): Effect<LaunchFacts, null, { herdId: string }> => ({
  title: 'Register server, herd and instance',
  preview: (facts) => ({
    sentence: `Register ${memberName(facts)} with its pinned host key, and the herd ${facts.launch.blueprint.name}, launched from this blueprint. From then on it is a herd as any other.`,
    commands: [],
  }),
  check: async (facts, ports) => {
    const { herd } = await ports.inventory.blueprint(facts.launch.id)
    return herd?.id === facts.ids.herd ? { found: 'done', output: { herdId: herd.id } } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal, jobId }) => {
    const machine = await mustRun(facts, ports, signal)
    const host = hostOf(facts, machine)
    const { blueprint } = facts.launch
    const probe = await ports.read.postgres.probe(instanceOn(facts, host), { timeoutMs: lookTimeoutMs, signal })
    if (probe.systemIdentifier === null || host.hostKey === null)
      throw new Fault('shell.failed', { because: probe.because ?? 'the server does not say its system identifier', isOver: true })
    await ports.act.inventory.registerLaunch(
      {
        blueprintId: facts.launch.id,
        jobId,
        herd: {
          id: facts.ids.herd,
          name: facts.launch.title,
          clusterName: clusterNameOf(blueprint),
          port: launchPort,
          dataDirectory: dataDirectoryOf(blueprint),
          systemIdentifier: probe.systemIdentifier,
        },
        members: [
          {
            serverId: facts.ids.server,
            instanceId: facts.ids.instance,
            hostname: host.hostname,
            address: addressOf(facts, machine)!,
            user: host.user,
            hostKey: host.hostKey,
            zone: machine.zone,
          },
        ],
      },
      { timeoutMs: actTimeoutMs, signal },
    )
  },
  timeoutMs: actTimeoutMs + 10_000,
  ending: { final: 'The herd stands and is registered: tear it down to take it away.', harmless: true },
})
