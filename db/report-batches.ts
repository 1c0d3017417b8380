import { type IncomingReport, type ReportOutcome, storeReports } from './reports'

interface Waiting {
  report: IncomingReport
  resolve: (outcome: ReportOutcome) => void
  reject: (error: unknown) => void
}

/** Transactions at once in this process; reports that come meanwhile wait and share the next one. */
const atOnceMax = 2
const batchMax = 64

const waiting: Waiting[] = []
let running = 0

/** As many as fit, one per token: a second report of the same host waits for the next transaction. */
const takeBatch = (): Waiting[] => {
  const batch: Waiting[] = []
  const tokens = new Set<string>()
  for (let index = 0; index < waiting.length && batch.length < batchMax; ) {
    const one = waiting[index]!
    if (tokens.has(one.report.tokenHash)) index += 1
    else {
      tokens.add(one.report.tokenHash)
      batch.push(one)
      waiting.splice(index, 1)
    }
  }
  return batch
}

const storeEach = async (batch: readonly Waiting[]): Promise<void> => {
  for (const { report, resolve, reject } of batch) await storeReports([report]).then(([outcome]) => resolve(outcome!), reject)
}

const drain = async (): Promise<void> => {
  running += 1
  while (waiting.length > 0) {
    const batch = takeBatch()
    try {
      const outcomes = await storeReports(batch.map(({ report }) => report))
      for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index]!)
    } catch (error) {
      // One report that PostgreSQL refuses must not take the others with it.
      if (batch.length === 1) batch[0]!.reject(error)
      else await storeEach(batch)
    }
  }
  running -= 1
}

/**
 * Stores one report. Reports that wait at the same time share a transaction; the answer comes after it was committed.
 * Rejects with what PostgreSQL said about this report.
 */
export const storeReport = (report: IncomingReport): Promise<ReportOutcome> =>
  new Promise((resolve, reject) => {
    waiting.push({ report, resolve, reject })
    // Wait for what arrives in the same turn of the loop, then go.
    if (running < atOnceMax) setImmediate(() => running < atOnceMax && waiting.length > 0 && void drain())
  })
