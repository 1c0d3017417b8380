import { CloudFault } from '../fault'
import type { Params } from '../params'
import type { CloudState } from '../state'

/**
 * What a request with a client token made, once: the same request with the same token gives the same ids, another one is refused. Without a token it is made
 * anew each time.
 */
export const remembered = (state: CloudState, what: string, params: Params, make: () => string[]): string[] => {
  const token = params.get('ClientToken')
  if (token === undefined) return make()
  const key = `${what} ${token}`
  const print = params.print(['ClientToken', 'DryRun'])
  const held = state.tokens.get(key)
  if (held === undefined) {
    const ids = make()
    state.tokens.set(key, { print, ids })
    return ids
  }
  if (held.print !== print)
    throw new CloudFault(
      'IdempotentParameterMismatch',
      'The client token you have provided has been used with different request parameters.',
    )
  return held.ids
}
