import { Fault, type FaultCode, isFault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, DbDeed, DbInstanceSeen, MachinePlace } from '@/lib/ports'

const askTimeoutMs = 30_000
const lookEveryMs = 5_000
/** RDS shows a deed that it accepted only after a while; until then it is not sent again. */
const shownWithinMs = 60_000
/** RDS takes from minutes to the better part of an hour, and does not say how long. */
export const rdsTimeoutMs = 3_600_000

/** What RDS does not come out of by itself. */
const broken: ReadonlySet<string> = new Set([
  'failed',
  'incompatible-network',
  'incompatible-parameters',
  'incompatible-option-group',
  'incompatible-restore',
  'incompatible-credentials',
  'insufficient-capacity',
  'storage-full',
  'restore-error',
  'deleting',
  'inaccessible-encryption-credentials',
  'inaccessible-encryption-credentials-recoverable',
])

export interface Course {
  place: MachinePlace
  deed: DbDeed
  /** Whether it is as it should be; asked again and again. */
  isReached: (now: DbInstanceSeen) => Promise<boolean> | boolean
  /** The status from which RDS does it. */
  from: string
  /** Asked each time before it is sent; throws where it must not be begun any more. */
  mayBegin?: () => Promise<void>
}

/** RDS refused it for good, and it is as it was. */
const forGood: ReadonlySet<FaultCode> = new Set<FaultCode>(['cloud.no-capacity', 'cloud.unfit', 'cloud.refused'])

/**
 * Has RDS do something to a DB instance, and waits until it has; what it finds under way it waits for. null: it is so. A Fault: RDS refused it. Each deed may be
 * sent again where nothing shows of it.
 */
export const drive = async (
  { place, deed, isReached, from, mayBegin }: Course,
  ports: ActPorts,
  context: StepContext,
): Promise<Fault | null> => {
  let sentAt: number | null = null
  let said = ''
  for (;;) {
    const now = await look(place, ports, context)
    if (now !== null) {
      if (broken.has(now.status))
        throw new Fault('step.blocked', { because: `RDS says that ${place.instanceId} is ${now.status}`, isOver: true })
      if (await isReached(now)) return null
      if (now.status !== said) context.note('info', `${place.instanceId} is ${now.status}.`)
      said = now.status
      const at = ports.read.now().getTime()
      if (now.status === from && (sentAt === null || at - sentAt > shownWithinMs)) {
        await mayBegin?.()
        const refused = await send(place, deed, ports, context)
        if (refused !== null) return refused
        sentAt = at
      }
    }
    if (context.signal.aborted)
      throw new Fault('step.unknown', { because: `RDS has not ended it: ${place.instanceId} is ${now === null ? 'not seen' : now.status}` })
    await context.pause(lookEveryMs)
  }
}

/** null: RDS did not say just now. */
const look = async (place: MachinePlace, ports: ActPorts, context: StepContext): Promise<DbInstanceSeen | null> => {
  try {
    return await ports.read.cloud.dbInstance(place, { timeoutMs: askTimeoutMs, signal: context.signal })
  } catch (error) {
    if (!isFault(error, 'cloud.unreachable') || context.signal.aborted) throw error
    context.note('warning', error.message)
    return null
  }
}

/** null: it was accepted, or whether it was is not known, or the instance was in another status than it was seen in: the next look shows. */
const send = async (place: MachinePlace, deed: DbDeed, ports: ActPorts, context: StepContext): Promise<Fault | null> => {
  context.note('command', sayDbDeed(place, deed))
  try {
    await ports.act.cloud.actOnDb(place, deed, { timeoutMs: askTimeoutMs, signal: context.signal })
    return null
  } catch (error) {
    if (!isFault(error) || error.code === 'lease.lost' || context.signal.aborted) throw error
    if (forGood.has(error.code)) return error
    if (error.code !== 'cloud.unreachable' && error.code !== 'cloud.wrong-state') throw error
    context.note('warning', error.message)
    return null
  }
}

const verbs = {
  start: 'start-db-instance',
  stop: 'stop-db-instance',
  reboot: 'reboot-db-instance',
  promote: 'promote-read-replica',
  'set-class': 'modify-db-instance',
} as const satisfies Record<DbDeed['does'], string>

/** As awscli would send it. */
export const sayDbDeed = ({ region, instanceId }: MachinePlace, deed: DbDeed): string => {
  const more = deed.does === 'set-class' ? ` --db-instance-class ${deed.class} --apply-immediately` : ''
  return `aws rds ${verbs[deed.does]} --region ${region} --db-instance-identifier ${instanceId}${more}`
}
