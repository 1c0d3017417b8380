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
/** Tokens whose report is being stored: the next one of the same host waits, so that a host's reports are stored in the order they came. */
const busy = new Set<string>()
let running = 0

/** As many as fit, one per host. */
const takeBatch = (): Waiting[] => {
  const batch: Waiting[] = []
  for (let index = 0; index < waiting.length && batch.length < batchMax; ) {
    const one = waiting[index]!
    if (busy.has(one.report.tokenHash)) index += 1
    else {
      busy.add(one.report.tokenHash)
      batch.push(one)
      waiting.splice(index, 1)
    }
  }
  return batch
}

/** Another writer got in the way: nothing was stored, and the same again will do. */
const isCollision = (error: unknown): boolean => ['40P01', '40001', '55P03'].includes((error as { code?: string }).code ?? '')
const attemptsMax = 4

const storeOne = async (report: IncomingReport, attempt = 1): Promise<ReportOutcome> => {
  try {
    return (await storeReports([report]))[0]!
  } catch (error) {
    if (attempt < attemptsMax && isCollision(error)) return storeOne(report, attempt + 1)
    throw error
  }
}

const storeEach = async (batch: readonly Waiting[]): Promise<void> => {
  for (const { report, resolve, reject } of batch) await storeOne(report).then(resolve, reject)
}

const storeBatch = async (batch: readonly Waiting[]): Promise<void> => {
  try {
    const outcomes = await storeReports(batch.map(({ report }) => report))
    for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index]!)
  } catch (error) {
    // One report that PostgreSQL refuses must not take the others with it.
    if (batch.length === 1 && !isCollision(error)) batch[0]!.reject(error)
    else await storeEach(batch)
  }
}

const drain = async (): Promise<void> => {
  running += 1
  for (let batch = takeBatch(); batch.length > 0; batch = takeBatch()) {
    await storeBatch(batch)
    for (const { report } of batch) busy.delete(report.tokenHash)
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
