import { type HerdInDanger, herdsInDanger } from '@/db/fleet/returned-primaries'
import { getPool, inTransaction } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { releaseLeases, renewLeases, takeLease } from '@/db/runs/leases'
import { reservationsOf } from '@/db/runs/reservations'
import { writeAudit } from '@/db/trail/audit'
import { systemActor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { type Fenced, fenceReturned } from '@/lib/operations/failover/fence-returned'
import type { ActPorts } from '@/lib/ports'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'

const everyMs = 2_000
const fenceTimeoutMs = 90_000
/** A worker that dies under it delays no job of the herd for longer; one that lives renews it. */
const leaseTtlMs = 15_000
const renewEveryMs = 5_000

export interface FenceOptions {
  ports: ActPorts
  holder: string
  log: Log
}

/**
 * Keeps primaries that were replaced from writing when their hosts come back. A herd that a job works on is left to that job; not one whose job waits for a
 * person, since that may take days.
 */
export const startFence = (options: FenceOptions): { stop: () => Promise<void> } =>
  repeat([{ name: 'fence', everyMs, work: () => fenceOnce(options) }], options.log)

export const fenceOnce = async (options: FenceOptions): Promise<void> => {
  for (const herd of await herdsInDanger()) await fenceHerd(options, herd)
}

const fenceHerd = async ({ ports, holder, log }: FenceOptions, herd: HerdInDanger): Promise<void> => {
  const token = crypto.randomUUID()
  const lease = { names: [`herd:${herd.id}`], token, holder, reason: 'fencing a primary that was replaced', jobId: null }
  const [running] = await reservationsOf(getPool(), [lease], ['running'])
  if (running !== null || (await takeLease(lease, leaseTtlMs)) !== null) return
  const lost = new AbortController()
  const renewing = setInterval(() => {
    renewLeases([token], leaseTtlMs)
      .then((held) => (held.get(token) === 1 ? undefined : lost.abort(new Fault('lease.lost'))))
      .catch((err: unknown) => log.warn({ err, herd: herd.name }, 'the lease of a fence could not be renewed'))
  }, renewEveryMs)
  try {
    const signal = AbortSignal.any([lost.signal, AbortSignal.timeout(fenceTimeoutMs)])
    for (const one of await fenceReturned(ports, herd.id, signal)) await tell(one, herd, log)
  } finally {
    clearInterval(renewing)
    await inPgTransaction((client) => releaseLeases(client, [token]))
  }
}

const tell = async (fenced: Fenced, herd: HerdInDanger, log: Log): Promise<void> => {
  log.warn({ herd: herd.name, instance: fenced.title, action: fenced.action }, 'a primary that was replaced was fenced')
  await inTransaction((tx) =>
    writeAudit(tx, systemActor, {
      act: 'instance.fence',
      resource: 'herd',
      objectId: herd.id,
      title: fenced.title,
      environmentId: herd.environmentId,
      detail: { action: fenced.action, because: fenced.because },
    }),
  )
}
