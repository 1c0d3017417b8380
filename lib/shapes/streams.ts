import type { FleetChanges } from '@/lib/domain/problems/changes'
import type { FleetFacts } from '@/lib/domain/problems/fleet'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { AsJson } from '@/lib/kernel/ground/json'
import type { PlanState } from './plan'
import type { JobView, RunLine, RunStrip, RunView } from './run'

/** Each stream of server-sent events: the names of its events and what each carries. */
export interface RunStream {
  /** In order; the id of the event is that of the last line. */
  lines: RunLine[]
  run: RunView
  strips: RunStrip[]
  /** The past has been sent. */
  'caught-up': null
}

export interface PlanStream {
  /** Its state, whenever that or its approval has changed. */
  plan: PlanState
  /** No worker is there that could make it. */
  absent: boolean
}

/** What changed, as names; `*`: anything may have. */
export interface ChangesStream {
  /** Ids of environments or instances. */
  facts: string[]
  /** Names of resources. */
  records: string[]
  /** Ids of runs. */
  runs: string[]
}

export interface FleetStream {
  fleet: FleetFacts
  changed: FleetChanges
}

/** The stream of the API, for scripts. */
export interface RunEventsStream {
  line: JournalLine & { jobId: string }
  run: Pick<RunView, 'state'> & { jobs: Pick<JobView, 'id' | 'title' | 'state' | 'because' | 'waitsFor'>[] }
}

/** Why a stream was ended by the server; its reader does not reconnect. */
export type StreamEnd = 'finished' | 'refused' | 'gone'

/** One event of a stream, its name and its data tied together. What JSON would change on the way does not compile. */
export type EventOf<Stream> = { [Name in keyof Stream & string]: { event: Name; data: AsJson<Stream[Name]> } }[keyof Stream & string]

declare const carries: unique symbol
/** An address that says what comes from it. */
export type StreamAddress<Stream> = string & { readonly [carries]?: Stream }

export const streams = {
  changes: '/api/live/facts' as StreamAddress<ChangesStream>,
  fleet: '/api/live/fleet' as StreamAddress<FleetStream>,
  plan: (id: string): StreamAddress<PlanStream> => `/api/live/plans/${id}`,
  run: (id: string): StreamAddress<RunStream> => `/api/live/runs/${id}`,
}
