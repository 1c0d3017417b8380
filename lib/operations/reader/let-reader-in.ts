import { excessWords, type ReaderLines, readerRole, sameLines } from '@/lib/domain/reader/reader-role'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { type Place, probeTimeoutMs } from '../facts/instance'
import { followOutput, lookAt } from '../steps/postgres/server'

type Lines<F> = (facts: F) => ReaderLines

const writeTimeoutMs = 30_000
const reloadTimeoutMs = 30_000
/** A standby has the role as soon as it has replayed it. */
const loginTimeoutMs = 60_000
const lookEveryMs = 500

/** Its lines in pg_hba.conf and pg_ident.conf of one server, whose configuration lies beside its data and is copied by nothing. */
export const writeReaderLines = <F extends Facts>(
  of: (facts: F) => Place,
  linesOf: Lines<F>,
): Effect<F, { lines: ReaderLines | null }, null> => ({
  title: 'Let the reader in',
  preview: (facts) => ({
    sentence: `Put the lines of ${readerRole} first into pg_hba.conf of ${of(facts).title}, and into its pg_ident.conf: over the socket alone, for the account ${of(facts).address.host.user} of the host.`,
    commands: [...linesOf(facts).hba, ...linesOf(facts).ident],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const probe = await lookAt(ports, of(facts), signal)
    if (probe.state !== 'online') return { found: 'blocked', because: `${of(facts).title} is ${probe.state}` }
    const { lines, problem } = await ports.readers.files(of(facts).address, { timeoutMs: writeTimeoutMs, signal })
    if (sameLines(lines, linesOf(facts))) return { found: 'done', output: null }
    if (problem !== null) return { found: 'blocked', because: problem }
    return { found: 'ready', before: intended?.before ?? { lines } }
  },
  run: (facts, _before, ports, { signal }) =>
    ports.act.readers.write(of(facts).address, linesOf(facts), { timeoutMs: writeTimeoutMs, signal }),
  timeoutMs: writeTimeoutMs + 10_000,
  ending: {
    undo: async (facts, { lines }, _output, ports, context) => {
      await ports.act.readers.write(of(facts).address, lines, { timeoutMs: writeTimeoutMs, signal: context.signal })
      await reload(of(facts), ports, context)
    },
    sentence: 'If the job fails later, both files get the lines that they had, and are reloaded.',
    timeoutMs: writeTimeoutMs + reloadTimeoutMs + 10_000,
  },
})

/** Proven by a login, for what the files say is not what the server has loaded. */
export const proveReader = <F extends Facts>(of: (facts: F) => Place): Effect<F, null, null> => ({
  title: 'Reload, and log in as the reader',
  preview: (facts) => ({
    sentence: `Reload ${of(facts).title}, and log in as ${readerRole}.`,
    commands: of(facts).commands.reload,
  }),
  check: async (facts, ports, { signal }) => {
    const probe = await lookAt(ports, of(facts), signal)
    if (probe.state !== 'online') return { found: 'blocked', because: `${of(facts).title} is ${probe.state}` }
    return (await refusalOf(of(facts), ports, signal)) === null ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    await reload(of(facts), ports, context)
    for (const deadline = ports.read.now().getTime() + loginTimeoutMs; ; await context.pause(lookEveryMs)) {
      const because = await refusalOf(of(facts), ports.read, context.signal)
      if (because === null) return
      if (context.signal.aborted || ports.read.now().getTime() >= deadline)
        throw new Fault('step.blocked', { isOver: true, because: `${readerRole} cannot be used on ${of(facts).title}: ${because}` })
    }
  },
  timeoutMs: reloadTimeoutMs + loginTimeoutMs + 10_000,
  ending: { final: 'A login leaves nothing behind.', harmless: true },
})

const reload = (place: Place, ports: ActPorts, context: StepContext): Promise<void> =>
  ports.act.postgres.reload(place.address, { timeoutMs: reloadTimeoutMs, ...followOutput(context, place.commands.reload) })

/** null: it is let in, and may no more than it must. */
const refusalOf = async ({ address }: Place, ports: ReadPorts, signal: AbortSignal): Promise<string | null> => {
  const login = await ports.readers.login(address, 'postgres', { timeoutMs: probeTimeoutMs, signal })
  if (!login.works) return login.because
  return login.excess.length === 0 ? null : excessWords(login.excess)
}
