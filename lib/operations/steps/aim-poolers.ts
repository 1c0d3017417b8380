import { databaseLines, sayAims } from '@/lib/domain/pgbouncer-ini'
import { notAsWritten } from '@/lib/domain/pooler-template'
import { Fault } from '@/lib/kernel/errors'
import type { Effect, Facts, StepContext } from '@/lib/kernel/operation'
import type { ActPorts, PoolerAddress, PoolerFile, PoolersRead, ReadPorts } from '@/lib/ports'
import { lookTimeoutMs, type PoolerPlace } from '../poolers/facts'
import { commandTimeoutMs, lookAtRunning } from './poolers'

/** A pooler and what its file is to say: made from its template, and without secrets. */
export type PoolerAim = { pooler: PoolerPlace; text: string }

const writeTimeoutMs = 10_000
/** How long PgBouncer may take to show what it has read. */
const shownMs = 2_000
const lookEveryMs = 50

/** Where the databases were to lead whose file said so, by pooler id; for those that the job changes. */
type Before = { was: Record<string, { digest: string }> }

/** Writes each file, reloads, and waits until SHOW DATABASES says what the file says. Files that are right already are only reloaded when the pooler is not. */
export const aimPoolers = <F extends Facts>(of: (facts: F) => readonly PoolerAim[]): Effect<F, Before, { poolers: string[] }> => ({
  title: 'Lead the poolers to the primary',
  preview: (facts) => ({
    sentence:
      of(facts).length === 0
        ? 'No pooler is managed by the console.'
        : of(facts)
            .map(({ pooler, text }) => `${pooler.title} leads to ${sayAims(databaseLines(text))}`)
            .join('; ')
            .concat('.'),
    commands: of(facts).flatMap(({ pooler }) => [`write ${pooler.address.configPath} on ${pooler.address.host.hostname}`, 'RELOAD']),
  }),
  check: async (facts, ports, { signal, intended }) => {
    const seen = await Promise.all(of(facts).map(async (aim) => ({ aim, ...(await lookAtAim(ports, aim, signal)) })))
    if (seen.every(({ isRight }) => isRight)) return { found: 'done', output: { poolers: of(facts).map(({ pooler }) => pooler.title) } }
    if (intended !== null) {
      const written = seen.filter(({ aim, file }) => file.text === aim.text && file.digest !== intended.before.was[aim.pooler.id]?.digest)
      const partly = written.map(({ aim }) => `the file of ${aim.pooler.title} is written`).join(', ')
      return { found: 'ready', before: intended.before, ...(partly === '' ? {} : { partly }) }
    }
    return { found: 'ready', before: { was: Object.fromEntries(seen.map(({ aim, file }) => [aim.pooler.id, { digest: file.digest }])) } }
  },
  run: async (facts, _before, ports, context) => {
    const tries = await Promise.allSettled(of(facts).map((aim) => aimPooler(ports, aim, context)))
    const failed = tries.find((one) => one.status === 'rejected')
    if (failed) throw failed.reason
  },
  timeoutMs: 60_000,
  ending: {
    undo: async (facts, { was }, _output, ports, context) => {
      await Promise.all(of(facts).map((aim) => putBack(ports, aim, was[aim.pooler.id]!.digest, context)))
    },
    sentence: 'If the job fails later, the files are put back as they were.',
  },
})

/** Everything that leads one pooler to where its text says. Under a token of its own: an earlier writer that wakes up later is rejected by the host. */
export const aimPooler = async (
  ports: ActPorts,
  { pooler, text }: PoolerAim,
  { signal, note, pause }: Pick<StepContext, 'signal' | 'note' | 'pause'>,
): Promise<void> => {
  const { address } = pooler
  const token = await ports.inventoryAct.claimPooler(pooler.id, { timeoutMs: commandTimeoutMs, signal })
  const file = await readFile(ports.poolers, address, signal)
  if (file.text !== text) {
    note('command', `write ${address.configPath}`)
    await ports.poolersAct.writeFile(address, { text, expectedDigest: file.digest, token }, { timeoutMs: writeTimeoutMs, signal })
  }
  note('command', 'RELOAD')
  await ports.poolersAct.reload(address, { timeoutMs: commandTimeoutMs, signal })
  await untilShown(ports, { pooler, text }, { signal, pause }, lookEveryMs)
}

/** Waits until SHOW DATABASES says what the file says. Throws `step.unknown` when it does not in time. */
export const untilShown = async (
  ports: ReadPorts,
  { pooler, text }: PoolerAim,
  { signal, pause }: Pick<StepContext, 'signal' | 'pause'>,
  everyMs: number,
): Promise<void> => {
  const until = ports.now().getTime() + shownMs
  for (;;) {
    const { databases } = await lookAtRunning(ports, pooler, signal)
    const wrong = notAsWritten(text, databases)
    if (wrong.length === 0) return
    if (signal.aborted || ports.now().getTime() >= until)
      throw new Fault('step.unknown', {
        because: `${pooler.title} was told to read its file again, but ${wrong.map(({ name, is, should }) => `${name} leads to ${is ? sayAims([is]) : 'nothing'} instead of ${sayAims([should])}`).join('; ')}. See PgBouncer’s log.`,
      })
    await pause(everyMs)
  }
}

const lookAtAim = async (
  ports: ReadPorts,
  { pooler, text }: PoolerAim,
  signal: AbortSignal,
): Promise<{ isRight: boolean; file: PoolerFile }> => {
  const [file, { databases }] = await Promise.all([readFile(ports.poolers, pooler.address, signal), lookAtRunning(ports, pooler, signal)])
  return { file, isRight: file.text === text && notAsWritten(text, databases).length === 0 }
}

const readFile = async (poolers: PoolersRead, address: PoolerAddress, signal: AbortSignal): Promise<PoolerFile> => {
  const file = await poolers.readFile(address, { timeoutMs: lookTimeoutMs, signal })
  if (file === null)
    throw new Fault('shell.failed', { isOver: true, because: `${address.configPath} is not there on ${address.host.hostname}.` })
  return file
}

/** Only a file that is ours, and only when it was another before. */
const putBack = async (ports: ActPorts, { pooler, text }: PoolerAim, was: string, { signal, note }: StepContext): Promise<void> => {
  const { address } = pooler
  const file = await readFile(ports.poolers, address, signal)
  if (file.digest !== was && file.text === text) {
    const token = await ports.inventoryAct.claimPooler(pooler.id, { timeoutMs: commandTimeoutMs, signal })
    note('command', `write ${address.configPath} back`)
    await ports.poolersAct.restoreFile(address, { expectedDigest: file.digest, token }, { timeoutMs: writeTimeoutMs, signal })
  }
  note('command', 'RELOAD')
  await ports.poolersAct.reload(address, { timeoutMs: commandTimeoutMs, signal })
}
