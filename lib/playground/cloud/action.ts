import type { Params } from './params'
import type { CloudState } from './state'
import type { Content } from './xml'

/** What one action answers; the state is the account's. */
export type Action = (state: CloudState, region: string, params: Params) => { [name: string]: Content }

/** What it is asked for is judged first, and by a dry run alone; the state of things only when it is done. */
export interface Change {
  judge: (...given: Parameters<Action>) => void
  run: Action
}

export const change = <Asked>(
  read: (...given: Parameters<Action>) => Asked,
  run: (state: CloudState, asked: Asked, region: string) => ReturnType<Action>,
): Change => ({
  judge: read,
  run: (state, region, params) => run(state, read(state, region, params), region),
})

/** Of a request that makes something: the tags of that kind. */
export const tagsOf = (params: Params, kind: string): Record<string, string> =>
  Object.fromEntries(
    params
      .groups('TagSpecification')
      .filter((spec) => spec.get('ResourceType') === kind)
      .flatMap((spec) => spec.groups('Tag').map((tag) => [tag.must('Key'), tag.get('Value') ?? ''])),
  )

/** What a filter on tags looks at; null: it is on something else. */
export const tagValues = (tags: Record<string, string>, filter: string): string[] | null => {
  if (filter.startsWith('tag:')) return [tags[filter.slice('tag:'.length)]].filter((value) => value !== undefined)
  return filter === 'tag-key' ? Object.keys(tags) : null
}
