import type { ActPorts } from '@/lib/ports'
import { isDown, probeTimeoutMs } from '../facts/instance'

export type Fenced = { title: string; action: 'signal' | 'stopped'; because: string }

const fileTimeoutMs = 15_000
const stopTimeoutMs = 60_000

/**
 * What the observer does about members that were replaced and whose host is back. Down without standby.signal: the signal is written before anything may
 * start it. Writable again, while its successor takes writes on a later timeline or on the same: it is stopped fast and gets the signal, since what it accepts now would be
 * lost. Where no successor is seen to write, nothing is done: that is for a person. `others` are all looked at now, not as last known.
 */
export const fenceReturned = async (ports: ActPorts, herdId: string, signal: AbortSignal): Promise<Fenced[]> => {
  const standing = await ports.read.inventory.herdStanding(herdId)
  const replaced = standing.members.filter((one) => one.replaced !== null)
  if (replaced.length === 0) return []
  const members = await ports.read.inventory.herdInstances(herdId)
  const options = { timeoutMs: probeTimeoutMs, signal }
  const seen = await Promise.all(
    members.map(async (member) => ({ member, probe: await ports.read.postgres.probe(member.address, options) })),
  )
  const done: Fenced[] = []
  for (const { member, probe } of seen) {
    const by = replaced.find(({ id }) => id === member.id)?.replaced
    if (!by) continue
    const fence = async (action: Fenced['action']) => {
      await ports.act.replication.follow(member.address, null, { timeoutMs: fileTimeoutMs, signal })
      done.push({ title: member.title, action, because: by.because })
    }
    if (isDown(probe.state) && probe.hasStandbySignal === false) await fence('signal')
    const successor = seen.find(
      (one) =>
        one.member.id !== member.id &&
        one.probe.state === 'online' &&
        one.probe.role === 'primary' &&
        (one.probe.timeline ?? 0) >= by.timeline,
    )
    if (probe.state !== 'online' || probe.role !== 'primary') continue
    if (successor === undefined || successor.probe.systemIdentifier !== probe.systemIdentifier) continue
    const isEarlier = (probe.timeline ?? by.timeline) < by.timeline
    // A rewound copy that was started without standby.signal writes on the very timeline of the one it was rewound onto.
    const isBeside = successor.member.id === by.byId && (probe.timeline ?? 0) <= (successor.probe.timeline ?? 0)
    if (!isEarlier && !isBeside) continue
    await ports.act.postgres.stop(member.address, 'fast', { timeoutMs: stopTimeoutMs, signal })
    await fence('stopped')
  }
  return done
}
