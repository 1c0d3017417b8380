import type { MemoryInstance } from '@/lib/adapters/memory'
import { sessionKey } from '@/lib/domain/activity/session'
import { type Case, isGivenUp } from './crash-laws'
import { twinSession } from './sessions'

const chosen = twinSession(4711)
/** Waits for the one that is chosen, and has taken over a pid that was another one's when the plan was made. */
const others = [
  twinSession(4712, { blockedBy: [4711], waitType: 'Lock', wait: 'transactionid' }),
  twinSession(4713, { startedAt: '2026-03-01T12:59:00.000001Z' }),
]
const input = { sessions: `${sessionKey(chosen)}, 4713@2026-03-01T11:00:00.000001Z` }

const prepare = (instance: MemoryInstance): void => {
  instance.sessions = structuredClone([chosen, ...others])
}

const othersTouched = ({ sessions }: MemoryInstance): string[] =>
  others.every(({ pid }) => sessions.some((one) => one.pid === pid && one.state === 'active'))
    ? []
    : ['a session that nobody chose was touched']

export const sessionCases: Case[] = [
  {
    operation: 'cancel-statements',
    what: 'of one that blocks another',
    target: 'demo on n1',
    input,
    prepare,
    broken: (instance, state) => [
      ...othersTouched(instance),
      ...(state === 'done' && instance.sessions.find(({ pid }) => pid === 4711)?.state === 'active' ? ['done, and it runs'] : []),
      ...(instance.sessions.some(({ pid }) => pid === 4711) ? [] : ['the session itself is gone']),
    ],
    ends: ['cancelled', 'done', 'failed'],
  },
  {
    operation: 'terminate-sessions',
    what: 'of one that blocks another',
    target: 'demo on n1',
    input,
    prepare,
    broken: (instance, state, lines) => [
      ...othersTouched(instance),
      ...(state === 'done' && !isGivenUp(lines) && instance.sessions.some(({ pid }) => pid === 4711) ? ['done, and it is there'] : []),
    ],
    ends: ['cancelled', 'done', 'failed'],
  },
]
