import { notNeeded, type When } from '@/lib/kernel/operation/only-when'
import type { Effect } from '@/lib/kernel/operation/operation'
import { isDown } from '../../facts/instance'
import { lookAt } from '../../steps/postgres/server'
import type { FailoverFacts } from '../facts'

type Output = { fenced: string[] }

const fileTimeoutMs = 15_000
const titles = ({ bare }: FailoverFacts): string => bare.map(({ title }) => title).join(', ')

export const ifBare: When<FailoverFacts> = {
  when: ({ bare }) => bare.length > 0,
  otherwise: notNeeded('No other stopped member would take writes when started.'),
}

/** Members that an earlier failover replaced: they would take writes as soon as anything starts them. */
export const fenceOthers: Effect<FailoverFacts, null, Output> = {
  title: 'Fence members replaced earlier',
  preview: (facts) => ({
    sentence: `Write standby.signal into ${titles(facts)}: if somebody starts one of them now, it comes up read-only.`,
    commands: facts.bare.map(({ address }) => `touch ${address.dataDirectory}/standby.signal`),
  }),
  check: async ({ bare }, ports, { signal }) => {
    const seen = await Promise.all(bare.map(async (place) => ({ place, probe: await lookAt(ports, place, signal) })))
    const up = seen.find(({ probe }) => !isDown(probe.state) && !(probe.state === 'online' && probe.role === 'standby'))
    if (up !== undefined) return { found: 'blocked', because: `${up.place.title} is ${up.probe.state}, so it cannot be fenced` }
    const isSo = seen.every(({ probe }) => probe.role === 'standby' || probe.hasStandbySignal === true)
    return isSo ? { found: 'done', output: { fenced: bare.map(({ title }) => title) } } : { found: 'ready', before: null }
  },
  run: async ({ bare }, _before, ports, { signal, note }) => {
    for (const { address } of bare) {
      note('command', `touch ${address.dataDirectory}/standby.signal`)
      await ports.act.replication.follow(address, null, { timeoutMs: fileTimeoutMs, signal })
    }
  },
  timeoutMs: 60_000,
  ending: { final: 'A replaced member must not start as a primary.', harmless: true },
}
