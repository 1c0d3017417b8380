import type { RankedCandidate } from '../replication/candidates'
import type { CanaryEvidence } from './certificate'

export interface ReportStep {
  name: string
  title: string
  state:
    | 'waiting'
    | 'running'
    | 'done'
    | 'already-so'
    | 'not-asked'
    | 'not-needed'
    | 'not-possible'
    | 'failed'
    | 'unknown'
    | 'undoing'
    | 'undone'
    | 'released'
    | 'skipped'
  startedAt: string | null
  /** Milliseconds; null while it runs, or when it never began. */
  tookMs: number | null
  because: string | null
}

export interface NameReport {
  name: string
  /** What each authoritative server answered afterwards. */
  servers: { server: string; says: string }[]
  /** Until when resolvers may give the old answer: from the proof on the authoritative servers, for its time to live. null: there was no other answer. */
  cached: { until: string; ttlSeconds: number } | null
}

/** A job on one member of the herd after the failover and before the next one. Times are ISO. */
export interface LaterWork {
  jobId: string
  runId: string
  operation: string
  /** Of the member. */
  title: string
  state: string
  because: string | null
  startedAt: string | null
  finishedAt: string | null
  /** The WAL that only this member had, saved on its host before it was discarded; null: none was. */
  saved: { path: string; files: number; bytes: number; manifest: string; host: string | null } | null
}

/** The console kept a primary that was replaced from writing: it stopped it, or put standby.signal into its data directory before anything could start it. */
export interface Fence {
  title: string
  action: 'stopped' | 'signal'
  because: string
  /** ISO. */
  at: string
}

/** What is known of one failover: plain, for the page, paper and the API alike. Times are ISO. */
export interface FailoverReport {
  state: string
  mode: 'planned' | 'emergency' | 'unordered'
  oldPrimary: string | null
  newPrimary: string | null
  /** Estimated beforehand; 0 for a planned one; null: nobody knows. */
  lossBytes: number | null
  /** The furthest position that anybody had seen the old primary at. */
  lastKnown: { lsn: string; seenAt: string | null } | null
  ranking: RankedCandidate[]
  gatheredAt: string
  gates: { title: string; verdict: 'pass' | 'warn' | 'unknown' | 'refuse'; because: string | null }[]
  steps: ReportStep[]
  positions: { label: string; lsn: string; timeline: number | null }[]
  fence: string
  names: NameReport[]
  followed: string[]
  parked: { title: string; because: string }[]
  /** Milliseconds from telling the old primary to stop until the new one had committed a write; null: one of the two did not happen here. */
  gapMs: number | null
  /** Where nobody told it to stop: from the last look that saw it write to the first commit proven on the new one, which is the longest that writes can have failed. */
  bounds: { lastSeenAt: string; firstCommitAt: string } | null
  /** What a canary saw from a client's place; null: none wrote. */
  canary: CanaryEvidence | null
  /** What its members were brought back with, oldest first. */
  later: LaterWork[]
  /** What a person still has to do, in words; empty: nothing. */
  open: string[]
}
