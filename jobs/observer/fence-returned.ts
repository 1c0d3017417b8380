import { type HerdInDanger, herdsInDanger } from '@/db/fleet/returned-primaries'
import { inTransaction } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { releaseLeases, takeLease } from '@/db/runs/leases'
import { writeAudit } from '@/db/trail/audit'
import { systemActor } from '@/lib/kernel/access/access'
import { type Fenced, fenceReturned } from '@/lib/operations/failover/fence-returned'
import type { ActPorts } from '@/lib/ports'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'

const everyMs = 2_000
const fenceTimeoutMs = 90_000
/** Longer than the work under it may take. */
const leaseTtlMs = fenceTimeoutMs + 30_000

export interface FenceOptions {
  ports: ActPorts
  holder: string
  log: Log
}

/** Keeps primaries that were replaced from writing when their hosts come back. A herd that a job works on is left to that job. */
export const startFence = (options: FenceOptions): { stop: () => Promise<void> } =>
  repeat([{ name: 'fence', everyMs, work: () => fenceOnce(options) }], options.log)

export const fenceOnce = async (options: FenceOptions): Promise<void> => {
  for (const herd of await herdsInDanger()) await fenceHerd(options, herd)
}

const fenceHerd = async ({ ports, holder, log }: FenceOptions, herd: HerdInDanger): Promise<void> => {
  const token = crypto.randomUUID()
  const lease = { names: [`herd:${herd.id}`], token, holder, reason: 'fencing a primary that was replaced', jobId: null }
  if ((await takeLease(lease, leaseTtlMs)) !== null) return
  try {
    for (const one of await fenceReturned(ports, herd.id, AbortSignal.timeout(fenceTimeoutMs))) await tell(one, herd, log)
  } finally {
    await inPgTransaction((client) => releaseLeases(client, [token]))
  }
}

const tell = async (fenced: Fenced, herd: HerdInDanger, log: Log): Promise<void> => {
  log.warn({ herd: herd.name, instance: fenced.title, deed: fenced.deed }, 'a primary that was replaced was fenced')
  await inTransaction((tx) =>
    writeAudit(tx, systemActor, {
      act: 'instance.fence',
      resource: 'herd',
      objectId: herd.id,
      title: fenced.title,
      environmentId: herd.environmentId,
      detail: { deed: fenced.deed, because: fenced.because },
    }),
  )
}
