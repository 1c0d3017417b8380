import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { DbDeed, DbInstanceSeen } from '@/lib/ports'
import { probeTimeoutMs } from '../facts/instance'
import { drive, rdsTimeoutMs, sayDbDeed } from './drive'
import type { RdsFacts } from './facts'

type Before = { startedAt: string | null; status: string }

interface Shape {
  title: string
  sentence: string
  deed: DbDeed
  /** The status from which RDS does it, and the one that it ends in. */
  from: string
  to: string
  /** What its server says besides, once RDS has come to that status. */
  isProved: (before: Before, seen: { role: string; state: string; startedAt: string | null }, now: DbInstanceSeen) => boolean
  ending: Effect<RdsFacts, Before, { status: string }>['ending']
}

/** One thing that RDS does to a DB instance, waited for and proved by what RDS and its server say. */
export const rdsDeed = ({ title, sentence, deed, from, to, isProved, ending }: Shape): Effect<RdsFacts, Before, { status: string }> => {
  const isDone = async (
    facts: RdsFacts,
    before: Before,
    now: DbInstanceSeen,
    ports: Parameters<Effect<RdsFacts>['check']>[1],
    signal: AbortSignal,
  ) => {
    if (now.status !== to) return false
    if (to === 'stopped') return true
    const { role, state, postmasterStartedAt } = await ports.postgres.probe(facts.instance.address, { timeoutMs: probeTimeoutMs, signal })
    return state === 'online' && isProved(before, { role, state, startedAt: postmasterStartedAt }, now)
  }
  return {
    title,
    preview: ({ instance, db }) => ({
      sentence: sentence.replace('{member}', instance.title),
      commands: db === null ? [] : [sayDbDeed(db, deed)],
    }),
    check: async (facts, ports, { signal, intended }) => {
      const now = await ports.cloud.dbInstance(facts.db!, { timeoutMs: 15_000, signal })
      if (intended === null) {
        if (now.status !== from) return { found: 'blocked', because: `RDS says that it is ${now.status}` }
        return { found: 'ready', before: { startedAt: facts.probe.postmasterStartedAt, status: now.status } }
      }
      if (await isDone(facts, intended.before, now, ports, signal)) return { found: 'done', output: { status: now.status } }
      return { found: 'ready', before: intended.before, ...(now.status === from ? {} : { partly: `RDS says that it is ${now.status}` }) }
    },
    run: async (facts, before, ports, context) => {
      const refused = await drive(
        { place: facts.db!, deed, from, isReached: (now) => isDone(facts, before, now, ports.read, context.signal) },
        ports,
        context,
      )
      if (refused !== null) throw new Fault(refused.code, { ...refused.facts, because: refused.message, isOver: true })
    },
    timeoutMs: rdsTimeoutMs,
    ending,
  }
}
