import { resources } from '@/lib/resources'
import type { Call } from '../call'
import { calls } from '.'
import { callsOf } from './resources'

export const ownCalls: readonly Call[] = Object.values(calls)

const keyOf = ({ method, path }: Call) => `${method} ${path}`

/** A resource's own folder may answer a call in its own way (`POST /tokens`): that declaration holds. What its folder does not serve, nobody serves. */
export const allCalls = (): Call[] => {
  const own = new Set(ownCalls.map(keyOf))
  return [...ownCalls, ...resources.flatMap(callsOf).filter((call) => !own.has(keyOf(call)))]
}
