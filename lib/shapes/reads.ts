import type { MoveVerdict } from '@/lib/domain/proof/certificate'
import type { TreeMember } from '@/lib/domain/replication/tree'
import type { MemberActivity } from './activity'
import type { Health } from './health'
import type { ListPage } from './list'
import type { RunResults } from './results'
import type { Samples } from './samples'
import type { HerdLog, ServerLog } from './server-log'
import type { HerdSettings, InstanceSettings } from './settings'
import type { Sparklines } from './sparklines'
import type { TopStatements } from './statements'

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

/** A certificate of a run, as far as a link to it says. Its id is the job's. */
export interface IssuedCertificate {
  id: string
  verdict: MoveVerdict['kind']
}

/** What the observer says of the former primary of a pair, once it has looked. */
export interface FailBackSeen {
  failBack: string | null
  failBackId: string | null
  failBackBecause: string | null
}

/** What the console's own pages read. `query`: of the list, as `formatListQuery` writes it. */
export const reads = {
  rows: (path: string, query: string, withFacets: boolean): ReadAddress<ListPage> =>
    `/api/rows/${path}?${query}${query ? '&' : ''}facets=${withFacets ? 1 : 0}`,
  rowIds: (path: string, query: string, max: number): ReadAddress<string[]> =>
    `/api/rows/${path}?${query}${query ? '&' : ''}shape=ids&max=${max}`,
  /** Names of columns and ids of rows, at most a hundred. */
  sparklines: (path: string, columns: readonly string[], ids: readonly string[]): ReadAddress<Sparklines> =>
    `/api/rows/${path}/sparklines?columns=${columns.join(',')}&ids=${ids.join(',')}`,
  herd: (id: string): ReadAddress<HerdTopology> => `/api/live/herds/${id}`,
  /** A run has few targets that move a primary; the list answers at most so many. */
  certificates: (runId: string): ReadAddress<{ items: IssuedCertificate[] }> =>
    `/api/v1/certificates?runId=${runId}&columns=verdict&per=500`,
  results: (runId: string): ReadAddress<RunResults> => `/api/v1/runs/${runId}/results`,
  /** Of an instance, or of the members of a herd, by the path of the resource. */
  activity: (path: string, id: string): ReadAddress<{ members: MemberActivity[] }> => `/api/v1/${path}/${id}/activity`,
  serverLog: (id: string, question: Record<'search' | 'level' | 'files', string>): ReadAddress<ServerLog> =>
    `/api/v1/instances/${id}/log?${new URLSearchParams(question)}`,
  herdLog: (id: string, question: Record<'search' | 'level' | 'files', string>): ReadAddress<HerdLog> =>
    `/api/v1/herds/${id}/log?${new URLSearchParams(question)}`,
  /** As a worker sees them now. */
  instanceSettings: (id: string): ReadAddress<InstanceSettings> => `/api/v1/instances/${id}/settings?look=now`,
  herdSettings: (id: string): ReadAddress<HerdSettings> => `/api/v1/herds/${id}/settings?look=now`,
  /** As a worker sees it now. */
  health: (of: Health['of'], id: string): ReadAddress<Health> => `/api/v1/${of}s/${id}/health?look=now`,
  /** Empty parts are left to the console. */
  statements: (id: string, question: Readonly<Record<string, string>>): ReadAddress<TopStatements> =>
    `/api/v1/instances/${id}/statements?${new URLSearchParams(Object.entries(question).filter(([, value]) => value !== ''))}`,
  /** `of`: the address that samples of an object, or of the fleet, are read at; moments in seconds since 1970. */
  samples: (of: string, { from, to, points }: Record<'from' | 'to' | 'points', number>): ReadAddress<Samples> =>
    `${of}?${new URLSearchParams({ from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString(), points: String(points) })}`,
  failBack: (herdId: string): ReadAddress<FailBackSeen> => `/api/v1/dr-pairs/${herdId}`,
  find: (text: string): ReadAddress<FoundObject[]> => `/api/find?q=${encodeURIComponent(text)}`,
}

/** What was answered at that address; ask only an answer that is `ok`. */
export const answerOf = async <Answer>(_address: ReadAddress<Answer>, response: Response): Promise<Answer> => response.json()
