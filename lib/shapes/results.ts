/** What a statement answered with on one instance. Values are PostgreSQL's own text; null: NULL. */
export interface JobResult {
  jobId: string
  /** Title of the target. */
  instance: string
  targetId: string
  /** `type` as PostgreSQL names it; null: it could not be asked. */
  columns: { name: string; type: string | null }[]
  /** null: they are not kept any more, or this answer had no room for them. */
  rows: (string | null)[][] | null
  /** Why there are no rows here. */
  without: 'removed' | 'no-room' | null
  /** Rows that are, or were, kept. */
  kept: number
  /** Rows that the server counted; where some were left out it may have counted no further. */
  rowCount: number
  /** The limit of rows or bytes of the run left some out. */
  isCut: boolean
  command: string
}

export interface RunResults {
  runId: string
  /** Rows are removed so many days after they came. */
  keptDays: number
  /** Targets in environments where the caller may not read rows. */
  hidden: number
  jobs: JobResult[]
}

/** Of rows in one answer; results beyond that are asked for one by one (`job`). */
export const resultBytesMax = 64 * 1024 * 1024
