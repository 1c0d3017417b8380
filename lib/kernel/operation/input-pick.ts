export const inputPicks = ['herd-member', 'idle-slot', 'herd', 'candidate'] as const

/**
 * What an input of an operation is picked from on its form; said as `picks` in the meta of its schema. herd-member: the instances of the targets' herds, by
 * title. idle-slot: the replication slots of the targets that nobody reads, by name. herd: those of the
 * environments of the target servers, by name. candidate: the standbys of the one herd that is the target, in the order in which they would take over. API callers type it.
 */
export type InputPick = (typeof inputPicks)[number]

/** `value` is what the input holds; `id` stands for the same. */
export interface InputChoice {
  value: string
  id: string
  title: string
  /** What tells it apart from the others, in a few words each: `rank 1`, `0 B behind`. */
  details?: readonly string[]
  /** Why it cannot be chosen now. */
  barredBecause?: string
}
