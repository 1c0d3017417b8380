import type { Caller } from './callers'
import type { Place, World } from './world'

/** One call as it is asked of one environment. */
export interface Attempt {
  params?: Record<string, string>
  query?: string
  body?: unknown
}

/** Who may do what a call does. What is not said here of a route, and does not follow from a resource's declaration, fails the test. */
export interface Law {
  ask: (place: Place, world: World) => Attempt
  /** Of those who hold a role in the environment that is asked of. */
  may: (caller: Caller) => boolean
  /** Statuses, or codes of problems, of a caller who may: it was done, or stopped by something other than who asks. */
  done: readonly (number | string)[]
  /** It names nothing of any environment: asked of the other one it answers the same. */
  isPlaceless?: true
  /** Those who may not are told so in an answer of status 200: what was done then. */
  doneIn?: (body: never) => boolean
}
