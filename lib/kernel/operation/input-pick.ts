export const inputPicks = ['herd-member', 'idle-slot', 'herd'] as const

/**
 * What an input of an operation is picked from on its form; said as `picks` in the meta of its schema. herd-member: the instances of the targets' herds, by
 * title. idle-slot: the replication slots of the targets that nobody reads, by name. herd: those of the
 * environments of the target servers, by name. Whoever calls the API types it.
 */
export type InputPick = (typeof inputPicks)[number]

/** `value` is what the input holds; `id` stands for the same. */
export interface InputChoice {
  value: string
  id: string
  title: string
}
