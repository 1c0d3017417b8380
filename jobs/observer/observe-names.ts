import { allNames, nameTargets, type ObservedName, saveVerdicts } from '@/db/fleet/dns-names'
import { judgeCaches, judgeName, type NameVerdict } from '@/lib/domain/dns/judge'
import type { NameTarget } from '@/lib/domain/dns/wanted'
import { isFault } from '@/lib/kernel/ground/errors'
import type { NamesRead } from '@/lib/ports'
import type { Log } from '../queue/log'
import { repeatInOneWorker } from './in-one-worker'

const everyMs = 20_000
const leaseTtlMs = 60_000
const askTimeoutMs = 4_000
/** Names asked in the same moment. */
const asksMax = 16

/** Asks all names' authoritative servers about three times a minute, in one worker at a time, and keeps whether each points where it should. */
export const startNameObserver = ({ names, holder, log }: { names: NamesRead; holder: string; log: Log }): { stop: () => Promise<void> } =>
  repeatInOneWorker(
    {
      ...{ name: 'names', everyMs, leaseTtlMs },
      lease: 'name-observer',
      reason: 'asks what DNS says of every name',
      work: (signal) => observeNames(names, signal),
    },
    { holder, log },
  )

/** One round over every name. */
export const observeNames = async (names: NamesRead, signal: AbortSignal): Promise<void> => {
  const all = await allNames()
  const targets = await nameTargets([...new Set(all.map(({ herdId }) => herdId))])
  for (let from = 0; from < all.length && !signal.aborted; from += asksMax) {
    const some = all.slice(from, from + asksMax)
    const verdicts = await Promise.all(some.map((name) => look(names, name, targets.get(name.herdId) ?? [], signal)))
    if (!signal.aborted) await saveVerdicts(some.map(({ id }, index) => ({ id, ...verdicts[index]! })))
  }
}

/** From the look on that finds a name moved until its resolvers give the new answer, they are asked too: no job waits for caches. */
const look = async (names: NamesRead, name: ObservedName, members: readonly NameTarget[], signal: AbortSignal): Promise<NameVerdict> => {
  const options = { timeoutMs: askTimeoutMs, signal }
  try {
    const verdict = judgeName(name, members, await names.authoritative(name.zone, name.title, options))
    if (verdict.state !== 'right' || (name.was.because === null && name.was.wanted === verdict.wanted)) return verdict
    return { ...verdict, because: judgeCaches(name, members, await names.resolvers(name.zone, name.title, options)) }
  } catch (error) {
    if (!isFault(error)) throw error
    return { state: 'unknown', because: error.message, answer: null, wanted: null }
  }
}
