import type { TreeMember } from '@/lib/domain/replication/tree'
import type { ListPage } from './list'

declare const answers: unique symbol
/** An address of the console that says what JSON it answers with. */
export type ReadAddress<Answer> = string & { readonly [answers]?: Answer }

export interface FoundObject {
  href: string
  title: string
  /** The noun of its resource. */
  kind: string
}

export interface HerdTopology {
  herdId: string
  name: string
  environmentId: string
  systemIdentifier: string | null
  members: TreeMember[]
}

/** What the console's own pages read. `query`: of the list, as `formatListQuery` writes it. */
export const reads = {
  rows: (path: string, query: string, withFacets: boolean): ReadAddress<ListPage> =>
    `/api/rows/${path}?${query}${query ? '&' : ''}facets=${withFacets ? 1 : 0}`,
  rowIds: (path: string, query: string, max: number): ReadAddress<string[]> =>
    `/api/rows/${path}?${query}${query ? '&' : ''}shape=ids&max=${max}`,
  herd: (id: string): ReadAddress<HerdTopology> => `/api/live/herds/${id}`,
  find: (text: string): ReadAddress<FoundObject[]> => `/api/find?q=${encodeURIComponent(text)}`,
}

/** What was answered at that address; ask only an answer that is `ok`. */
export const answerOf = async <Answer>(_address: ReadAddress<Answer>, response: Response): Promise<Answer> => response.json()
