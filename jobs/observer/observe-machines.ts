import { type CloudAccountSource, cloudAccountIds, keepDbInstances, keepRegion, keepSweep, type SweepVerdict } from '@/db/fleet/machines'
import { tagFilter } from '@/lib/domain/machines/naming'
import { isFault } from '@/lib/kernel/ground/errors'
import type { RdsRead } from '@/lib/ports'
import type { MachinesRead } from '@/lib/ports/machines'
import type { Log } from '../queue/log'
import { repeatInOneWorker } from './in-one-worker'

const everyMs = 20_000
const leaseTtlMs = 180_000
const askTimeoutMs = 30_000
/** Accounts asked beside each other: one that does not answer holds few up. */
const accountsAtOnce = 8

interface Sweep {
  machines: MachinesRead
  rds: RdsRead
  accountOf: CloudAccountSource
}

/** Looks for machines, and for DB instances, in every region of every cloud account about three times a minute, in one worker at a time. */
export const startMachineObserver = ({ holder, log, ...sweep }: Sweep & { holder: string; log: Log }): { stop: () => Promise<void> } =>
  repeatInOneWorker(
    {
      ...{ name: 'machines', everyMs, leaseTtlMs },
      lease: 'machine-observer',
      reason: 'looks for machines in the cloud',
      work: (signal) => observeMachines(sweep, signal),
    },
    { holder, log },
  )

/** One sweep over every account; the regions of an account are asked beside each other. */
export const observeMachines = async (sweep: Sweep, signal: AbortSignal): Promise<void> => {
  const ids = (await cloudAccountIds()).values()
  const sweepInTurn = async () => {
    for (const id of ids) {
      if (signal.aborted) return
      const verdict = await sweepAccount(sweep, id, signal)
      if (verdict !== null && !signal.aborted) await keepSweep(id, verdict)
    }
  }
  await Promise.all(Array.from({ length: accountsAtOnce }, sweepInTurn))
}

/** null: the account is not registered any more. What one region refuses is said, and holds no other up. */
const sweepAccount = async ({ machines, rds, accountOf }: Sweep, id: string, signal: AbortSignal): Promise<SweepVerdict | null> => {
  const options = { timeoutMs: askTimeoutMs, signal }
  let awsAccount: string | null = null
  try {
    const account = await accountOf(id)
    ;({ awsAccount } = await machines.identity(account.settings, options))
    const filter = { tags: tagFilter(account.machineTags) }
    const answers = await Promise.allSettled([
      ...account.regions.map(async (region) => {
        const askedAt = new Date()
        await keepRegion(account, region, await machines.list(account.settings, region, filter, options), askedAt)
      }),
      ...(account.looksForRds ? account.regions : []).map(async (region) => {
        const askedAt = new Date()
        await keepDbInstances(account, region, await rds.list(account.settings, region, filter, options), askedAt)
      }),
    ])
    const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []))
    const surprise = failures.find((failure) => !isTheAccounts(failure))
    if (surprise !== undefined) throw surprise
    return failures.length === 0 ? { state: 'reachable', because: null, awsAccount } : failed(failures, awsAccount)
  } catch (error) {
    if (isFault(error, 'record.missing')) return null
    if (!isTheAccounts(error)) throw error
    return failed([error], awsAccount)
  }
}

/** The console's own database is no account's trouble; all else that is told as a fault is said on the account's page. */
const isTheAccounts = (error: unknown): error is Error => isFault(error) && !isFault(error, 'database.down')

const failed = (failures: readonly unknown[], awsAccount: string | null): SweepVerdict => ({
  state: failures.every((failure) => isFault(failure, 'cloud.unreachable')) ? 'unreachable' : 'refused',
  because: failures.map((failure) => (failure as Error).message).join(' '),
  awsAccount,
})
