import { getDb, notify } from '@/db/pg/client'
import { keepCertificate, type UncertifiedJob, uncertifiedJobs } from '@/db/runs/certificates'
import { readLines } from '@/db/runs/journal'
import { type CertificateKeys, signCertificate } from '@/lib/kernel/ground/certificate'
import { moves } from '@/lib/operations/evidence'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'

const everyMs = 1_500

export interface CertifyOptions {
  /** The console's own, opened again for each use. */
  keys: () => Promise<CertificateKeys>
  log: Log
}

/**
 * Issues the certificate of each job that moved a primary, once it has ended, whoever drove it and however it ended. It is made from the journal alone, so it
 * comes late rather than never when a worker dies; any number of workers may do so at once.
 */
export const startCertifying = (options: CertifyOptions): { stop: () => Promise<void> } =>
  repeat([{ name: 'certificates', everyMs, work: () => certifyOnce(options) }], options.log)

export const certifyOnce = async (options: CertifyOptions): Promise<void> => {
  const jobs = await uncertifiedJobs(Object.entries(moves).map(([operation, { from }]) => ({ operation, ...from })))
  for (const job of jobs) await certify(job, options)
}

const certify = async (job: UncertifiedJob, { keys, log }: CertifyOptions): Promise<void> => {
  const evidence = moves[job.operation]!.evidence(await readLines(job.id), { jobId: job.id, runId: job.runId, by: job.by })
  if (evidence === null) return
  const signed = signCertificate(evidence, new Date().toISOString(), await keys())
  if (!(await keepCertificate(job, signed))) return
  await notify(getDb(), 'records', 'certificate')
  log.info({ jobId: job.id, herd: job.title, verdict: signed.certificate.verdict.kind }, 'certificate')
}
