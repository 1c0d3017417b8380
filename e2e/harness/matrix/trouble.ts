import type { Decision } from '@/lib/kernel/ground/journal'
import type { Losable } from './scenario'

export const losses = ['power-off', 'freeze', 'cut'] as const
export type Loss = (typeof losses)[number]

/** What somebody with a shell does on the hosts. The last one only where there are poolers. */
export const deeds = [
  'promotes the candidate',
  'promotes the third',
  'starts the stopped one',
  'promotes the third and moves the poolers',
] as const
export type Deed = (typeof deeds)[number]

export const movesPoolers = (does: Deed): boolean => does.endsWith('poolers')

/** Somebody who acts while no worker lives, or while the job needs attention; where that cannot be done, another of the deeds. `isHidden`: the console cannot see that host until a person has answered once. `says`: that answer. */
export interface Company {
  does: Deed
  isHidden: boolean
  says: Decision
}

/** What goes wrong besides: the next worker dies so many points later, or its nth action goes wrong, or a host is lost with the first one. */
export type Second = { how: 'kill'; later: number } | { how: 'fail' | 'lose-answer'; nth: number } | { how: Loss; who: Losable }

/**
 * kill: the worker dies at a point before or after a journal line or an action, by number, or once an action of a name has happened; `isLate`: the next one comes
 * only when the timers on the poolers’ hosts have rung. fail / lose-answer: of one action. cancel: asked for once a step was intended. The others: of one
 * host, once a step was intended or an action has answered; `isGivenUp`: who is asked then gives up.
 */
export type Trouble =
  | { how: 'none' }
  | { how: 'kill'; at: number | string; isLate?: true; company?: Company; and?: Second }
  | { how: 'fail' | 'lose-answer'; nth: number }
  | { how: 'cancel'; step: string }
  | { how: Loss; who: Losable; step: string; isGivenUp?: true; company?: Company }
  | { how: Loss; who: Losable; after: number | string }

export const sayTrouble = (trouble: Trouble): string => {
  if (trouble.how === 'none') return 'clean'
  if (trouble.how === 'kill') {
    const at = typeof trouble.at === 'number' ? `at point ${trouble.at}` : `after ${trouble.at}`
    return `worker killed ${at}${trouble.isLate ? ', the next one late' : ''}${saySecond(trouble.and)}${sayCompany(trouble.company)}`
  }
  if (trouble.how === 'cancel') return `cancelled during ${trouble.step}`
  if ('nth' in trouble) return `action ${trouble.nth}: ${trouble.how}`
  const lost = `${trouble.who}: ${trouble.how}`
  if ('step' in trouble) return `${lost} during ${trouble.step}${trouble.isGivenUp ? ', given up' : ''}${sayCompany(trouble.company)}`
  return `${lost} after ${typeof trouble.after === 'number' ? 'action ' : ''}${trouble.after}`
}

const saySecond = (second: Second | undefined): string => {
  if (second === undefined) return ''
  if (second.how === 'kill') return `, the next one ${second.later} points later`
  return 'who' in second ? ` with ${second.who}: ${second.how}` : `, action ${second.nth} of the next one: ${second.how}`
}

const sayCompany = (company: Company | undefined): string =>
  company === undefined ? '' : `, somebody ${company.does}${company.isHidden ? ', unseen' : ''}, ${company.says}`

/** Who acts besides, where somebody does. */
export const companyOf = (trouble: Trouble): Company | null => ('company' in trouble ? (trouble.company ?? null) : null)
