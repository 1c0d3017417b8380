import { countsAsClient } from '@/lib/domain/activity/client-patterns'
import { counted } from '@/lib/domain/values/counted'
import { isFault } from '@/lib/kernel/ground/errors'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, unknown, warn } from '@/lib/kernel/operation/verdict'
import type { ReadPorts } from '@/lib/ports'
import { type HerdFacts, probeTimeoutMs } from '../facts/instance'
import { clientsWarned, transactionsWarned } from '../gates/impact'

type OfClients = HerdFacts & { clients: CountedClients | null }
export type CountedClients = { clients: number; transactions: number; ignored: number } | { unseen: string }

/** Clients without those of the patterns; null: there are no patterns, or nobody could be connected. */
export const countClients = async (
  ports: ReadPorts,
  { instance, probe }: Pick<HerdFacts, 'instance' | 'probe'>,
  ignored: readonly string[],
  signal: AbortSignal,
): Promise<CountedClients | null> => {
  if (ignored.length === 0 || probe.state !== 'online') return null
  try {
    const { sessions, leftOut } = await ports.activity.look(instance.address, { timeoutMs: probeTimeoutMs, signal })
    if (leftOut > 0) return { unseen: `${leftOut} of its sessions are not listed, for there are too many.` }
    const all = sessions.filter((one) => countsAsClient(one, { counted: [], ignored: [] }))
    const clients = all.filter((one) => countsAsClient(one, { counted: [], ignored }))
    const transactions = clients.filter(({ transactionSeconds }) => transactionSeconds !== null)
    return { clients: clients.length, transactions: transactions.length, ignored: all.length - clients.length }
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return { unseen: error.message }
  }
}

const unseenWords = (because: string): Verdict => unknown(`Its clients could not be told apart: ${because}`)

export const noClients = (facts: OfClients): Verdict => {
  const what = 'they are cut and have to connect again'
  if (facts.clients === null) return clientsWarned(facts, what)
  if ('unseen' in facts.clients) return unseenWords(facts.clients.unseen)
  const { clients, ignored } = facts.clients
  const besides = ignored === 0 ? '' : `, and ${ignored} that ${ignored === 1 ? 'does' : 'do'} not count`
  return clients === 0 ? passBecause(`0 clients connected${besides}.`) : warn(`${counted(clients, 'client')} connected${besides}; ${what}.`)
}

export const noTransactions = (facts: OfClients): Verdict => {
  const what = 'they are rolled back'
  if (facts.clients === null) return transactionsWarned(facts, what)
  if ('unseen' in facts.clients) return unseenWords(facts.clients.unseen)
  const { transactions } = facts.clients
  return transactions === 0 ? pass : warn(`${counted(transactions, 'open transaction')} of clients that count; ${what}.`)
}
