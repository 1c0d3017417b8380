import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse } from '@/lib/kernel/operation/verdict'
import type { InventoryMachine, ReadPorts } from '@/lib/ports'
import { gatherHerd, type HerdFacts, type Plain } from '../facts/instance'

/** What RDS says of it; dates and tags are left out. */
export type SeenDb = {
  class: string
  zone: string
  status: string
  engineVersion: string
  isMultiAz: boolean
  source: string | null
  replicas: string[]
  pendingClass: string | null
  clusterId: string | null
}

export type DbFacts = {
  /** null: none is tied to its server, or a machine of EC2 is. */
  db: Plain<InventoryMachine> | null
  /** null: it could not be asked, and `unseenDb` says why. */
  dbNow: SeenDb | null
  unseenDb: string | null
}

export type RdsFacts = HerdFacts & DbFacts

const askTimeoutMs = 15_000

export const gatherRds = async (ports: ReadPorts, context: GatherContext): Promise<RdsFacts> => {
  const herd = await gatherHerd(ports, context)
  const machine = await ports.inventory.serverMachine(herd.instance.serverId)
  if (machine?.kind !== 'rds') return { ...herd, db: null, dbNow: null, unseenDb: null }
  return { ...herd, db: machine, ...(await lookAtDb(ports, machine, context)) }
}

export const lookAtDb = async (
  ports: ReadPorts,
  machine: InventoryMachine,
  { signal }: Pick<GatherContext, 'signal'>,
): Promise<Pick<DbFacts, 'dbNow' | 'unseenDb'>> => {
  try {
    const seen = await ports.cloud.dbInstance(machine, { timeoutMs: askTimeoutMs, signal })
    const { zone, status, engineVersion, isMultiAz, source, replicas, pendingClass, clusterId } = seen
    const dbNow = { zone, status, engineVersion, isMultiAz, source, pendingClass, clusterId, class: seen.class, replicas: [...replicas] }
    return { dbNow, unseenDb: null }
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return { dbNow: null, unseenDb: error.message }
  }
}

export const dbNowRows = ({ db, dbNow }: DbFacts): { label: string; value: string }[] => [
  {
    label: 'DB instance',
    value: db === null ? 'none is tied to its server' : `${db.instanceId} in ${db.region}`,
  },
  ...(dbNow === null
    ? []
    : [
        {
          label: 'RDS says',
          value: `${dbNow.status}, ${dbNow.class}${dbNow.isMultiAz ? ', Multi-AZ' : ''}${
            dbNow.pendingClass === null ? '' : `, ${dbNow.pendingClass} is pending`
          }`,
        },
      ]),
]

export const firmDb = ({ db, dbNow }: DbFacts) => ({ db, class: dbNow?.class ?? null, source: dbNow?.source ?? null })

/** RDS is asked, and does it from these statuses alone. */
export const isDbInstance =
  (...statuses: readonly string[]) =>
  ({ db, dbNow, unseenDb, instance }: RdsFacts): Verdict => {
    if (db === null)
      return refuse(
        `No DB instance of a cloud account is tied to ${instance.address.host.hostname}. Register its account with “Look for RDS”, or see under Machines why it is not tied.`,
      )
    if (dbNow === null) return refuse(unseenDb ?? 'RDS did not say what it is.')
    if (dbNow.clusterId !== null)
      return refuse(`It is a member of the cluster ${dbNow.clusterId}, which RDS acts on as a whole. Use RDS’s own console.`)
    return statuses.includes(dbNow.status)
      ? passBecause(`${db.instanceId} is ${dbNow.status}.`)
      : refuse(`RDS says that it is ${dbNow.status}.`)
  }

/** RDS neither stops nor starts one that replicates. */
export const replicatesNot = ({ dbNow }: DbFacts): Verdict => {
  if (dbNow === null) return pass
  if (dbNow.source !== null) return refuse(`It is a read replica of ${dbNow.source}: RDS does not stop or start those.`)
  return dbNow.replicas.length === 0 ? pass : refuse(`${dbNow.replicas.join(', ')} replicates from it: RDS does not stop or start it then.`)
}
