import { classOfType, lossesOfClass, sayClass, whyNotClass } from '@/lib/domain/machines/classes'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { ActPorts, DbClass, InventoryMachine, ReadPorts } from '@/lib/ports'
import { type Plain, probeTimeoutMs } from '../facts/instance'
import { drive, rdsTimeoutMs, sayDbDeed } from '../rds/drive'
import { lookAtDb, type SeenDb } from '../rds/facts'

/** Of a member on RDS, what a resize asks of RDS; null: it is none. */
export type DbSize = { now: SeenDb | null; unseen: string | null; classes: Plain<DbClass>[] }

const askTimeoutMs = 15_000

export const lookAtDbSize = async (
  ports: ReadPorts,
  machine: InventoryMachine,
  wanted: readonly string[],
  context: { signal: AbortSignal },
): Promise<DbSize> => {
  const { dbNow, unseenDb } = await lookAtDb(ports, machine, context)
  if (dbNow === null) return { now: null, unseen: unseenDb, classes: [] }
  try {
    const classes = await ports.cloud.dbClasses(machine, dbNow, wanted.map(classOfType), {
      timeoutMs: askTimeoutMs,
      signal: context.signal,
    })
    return { now: dbNow, unseen: null, classes: classes.map((one) => ({ ...one })) }
  } catch (error) {
    if (!isFault(error) || context.signal.aborted) throw error
    return { now: null, unseen: error.message, classes: [] }
  }
}

export const dbIsReady = ({ now, unseen }: DbSize, { instanceId }: Pick<InventoryMachine, 'instanceId'>): Verdict => {
  if (now === null) return refuse(unseen ?? 'RDS did not say what it is.')
  if (now.clusterId !== null)
    return refuse(`It is a member of the cluster ${now.clusterId}, which RDS resizes as a whole. Use RDS’s own console.`)
  if (now.status !== 'available') return refuse(`RDS says that it is ${now.status}.`)
  if (now.pendingClass !== null)
    return warn(`${now.pendingClass} is pending for its next maintenance: what is asked for now takes its place.`)
  return passBecause(`${instanceId} is available.`)
}

/** The wanted class has to be offered; a fallback that is not is said. */
export const dbFits = ({ now, classes }: DbSize, wanted: readonly string[]): Verdict => {
  if (now === null) return pass
  const offered = (name: string) => classes.find((one) => one.class === name) ?? null
  const [first = '', ...others] = wanted.map(classOfType)
  const why = whyNotClass(now, first, offered(first))
  if (why !== null) return refuse(why)
  const lost = lossesOfClass(now.class, first)
  const said = [
    ...(lost.length === 0 ? [] : [`It will have ${lost.join(', ')}.`]),
    ...others.flatMap((name) => whyNotClass(now, name, offered(name)) ?? []),
  ]
  return said.length === 0 ? passBecause(`${first}${sayClass(first) === null ? '' : `: ${sayClass(first)}`}.`) : warn(said.join(' '))
}

interface OfDb {
  machine: Plain<InventoryMachine>
  instance: { title: string; address: Parameters<ReadPorts['postgres']['probe']>[0] }
}

/** In their order the first class that RDS gives, in force and its server answering; a Fault: it gives none, and the instance is as it was. */
const become = async (
  { machine, instance }: OfDb,
  classes: readonly string[],
  ports: ActPorts,
  context: Parameters<Effect<never>['run']>[3] | Parameters<typeof drive>[2],
  mayBegin?: () => Promise<void>,
): Promise<string> => {
  let last = new Fault('step.blocked', { because: 'no class was asked for', isOver: true })
  for (const name of classes) {
    const refused = await drive(
      {
        place: machine,
        deed: { does: 'set-class', class: name },
        from: 'available',
        ...(mayBegin === undefined ? {} : { mayBegin }),
        isReached: async (now) => {
          if (now.status !== 'available' || now.class !== name || now.pendingClass !== null) return false
          const { state } = await ports.read.postgres.probe(instance.address, { timeoutMs: probeTimeoutMs, signal: context.signal })
          return state === 'online'
        },
      },
      ports,
      context,
    )
    if (refused === null) return name
    context.note('warning', refused.message)
    last = refused
  }
  throw new Fault('step.blocked', { because: `It stays what it is: ${last.message}`, isOver: true })
}

type Before = { type: string }

/** RDS changes the class itself, its server down for a while: nothing is stopped or started for it. `mayBegin` is asked before RDS is told to, and not for the way back. */
export const changeClass = <F extends { machine: Plain<InventoryMachine> | null; instance: OfDb['instance']; db: DbSize | null }>(
  wantedOf: (facts: F) => readonly string[],
  mayBegin: (facts: F, ports: ReadPorts, signal: AbortSignal) => Promise<void>,
) => {
  const wanted = (facts: F) => [...new Set(wantedOf(facts).map(classOfType))]
  const of = (facts: F): OfDb => ({ machine: facts.machine!, instance: facts.instance })
  return {
    title: 'Change the machine',
    preview: (facts) => {
      const [first, ...others] = wanted(facts)
      const name = facts.machine === null ? 'it' : facts.machine.instanceId
      const orElse = others.length === 0 ? '' : `, else ${others.join(', ')}`
      return {
        sentence: `Have RDS make ${name} ${first}${orElse}, wait until nothing is pending and RDS says that it is available, and until its server answers.`,
        commands: facts.machine === null ? [] : [sayDbDeed(facts.machine, { does: 'set-class', class: first! })],
      }
    },
    check: async (facts, ports, { signal, intended }) => {
      const now = await ports.cloud.dbInstance(facts.machine!, { timeoutMs: askTimeoutMs, signal })
      const isSettled = now.status === 'available' && now.pendingClass === null
      if (intended === null)
        return now.status === 'available'
          ? { found: 'ready', before: { type: now.class } }
          : { found: 'blocked', because: `RDS says that it is ${now.status}` }
      if (isSettled && wanted(facts).includes(now.class)) {
        const { state } = await ports.postgres.probe(facts.instance.address, { timeoutMs: probeTimeoutMs, signal })
        if (state === 'online') return { found: 'done', output: { type: now.class } }
      }
      if (isSettled && now.class === intended.before.type) return { found: 'ready', before: intended.before }
      return { found: 'ready', before: intended.before, partly: `RDS says that it is ${now.status}, ${now.class}` }
    },
    run: async (facts, _before, ports, context) => ({
      type: await become(of(facts), wanted(facts), ports, context, () => mayBegin(facts, ports.read, context.signal)),
    }),
    timeoutMs: rdsTimeoutMs,
    ending: {
      undo: async (facts, { type }, _output, ports, context) => {
        await become(of(facts), [type], ports, context).catch((error: unknown) => {
          if (!isFault(error, 'step.blocked')) throw error
          context.note('warning', `The machine stays what it is: ${error.message}`)
        })
      },
      sentence: 'If the job fails later, the machine becomes what it was, and runs.',
      timeoutMs: rdsTimeoutMs,
    },
  } satisfies Effect<F, Before, Before>
}
