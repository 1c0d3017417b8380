import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import { addressOf, hostOf, memberName } from '../facts'
import { mustRun } from '../trust'
import type { StandbyFacts } from './facts'

const actTimeoutMs = 20_000

export const registerStandby = (): Effect<StandbyFacts, null, null> => ({
  title: 'Register server and instance',
  preview: (facts) => ({
    sentence: `Register ${memberName(facts)} with its pinned host key, and ${facts.instance.title}. From then on it is a member as any other, and may become the primary.`,
    commands: [],
  }),
  check: async ({ ids }, ports) => {
    const members = await ports.inventory.herdInstances(ids.herd)
    return members.some(({ id }) => id === ids.instance) ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal, jobId }) => {
    const machine = await mustRun(facts, ports, signal)
    const { hostname, user, hostKey } = hostOf(facts, machine)
    if (hostKey === null) throw new Fault('shell.failed', { because: 'the host’s key is not pinned', isOver: true })
    const { ids, launch } = facts
    const member = {
      serverId: ids.server,
      instanceId: ids.instance,
      hostname,
      address: addressOf(facts, machine)!,
      user,
      hostKey,
      zone: machine.zone,
    }
    await ports.act.inventory.registerStandby(
      { blueprintId: launch.id, jobId, herdId: ids.herd, member },
      { timeoutMs: actTimeoutMs, signal },
    )
  },
  timeoutMs: actTimeoutMs + 10_000,
  ending: { final: 'It streams and is registered.', harmless: true },
})
