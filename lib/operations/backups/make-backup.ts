import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { followWork, newWorkKey, startWork } from '../steps/host-work'
import { type BackUpFacts, type Known, known, listTimeoutMs } from './facts'

type Before = { key: string; labels: string[] }
type Output = { label: string }

const backupTimeoutMs = 14 * 24 * 3_600_000
const askTimeoutMs = 30_000
const endTimeoutMs = 60_000

const now = async ({ instance }: BackUpFacts, ports: ReadPorts, { signal }: Pick<StepContext, 'signal'>): Promise<Known> => {
  const seen = await ports.copies.backups(instance.address, { timeoutMs: listTimeoutMs, signal })
  if (seen.because === null) return known(seen as Known)!
  throw new Fault('step.unknown', { because: seen.because })
}

/** The newest that was not there before. */
const made = ({ backups }: Known, { labels }: Before) => backups.filter(({ label }) => !labels.includes(label)).at(-1)

/** The repository says whether it was made: its work may be gone with a host that went down right after. */
export const makeBackup = (): Effect<BackUpFacts, Before, Output> => ({
  title: 'Back up',
  preview: ({ instance, commands }) => ({
    sentence: `Back up ${instance.title} into the repository of its stanza, and wait until the WAL that the backup needs is archived.`,
    commands,
  }),
  check: async (facts, ports, { signal, intended }) => {
    const { address, id } = facts.instance
    const found = await now(facts, ports, { signal })
    if (intended === null) {
      const before = { key: newWorkKey('backup', id, ports.now()), labels: found.backups.map(({ label }) => label) }
      return { found: 'ready', before }
    }
    const { state } = await ports.work.look(address.host, intended.before.key, { timeoutMs: askTimeoutMs, signal })
    if (state === 'running') return { found: 'ready', before: intended.before, partly: 'pgBackRest is at work' }
    const backup = made(found, intended.before)
    return backup === undefined ? { found: 'ready', before: intended.before } : { found: 'done', output: { label: backup.label } }
  },
  run: async (facts, { key, labels }, ports, context) => {
    const { host } = facts.instance.address
    const options = { timeoutMs: askTimeoutMs, signal: context.signal }
    const work = { host, key, what: 'pgbackrest backup' }
    await startWork(work, ports, context, {
      start: async () => {
        const { stanza } = await now(facts, ports.read, context)
        for (const command of facts.commands) context.note('command', command)
        await ports.act.copies.startBackup(facts.instance.address, { key, stanza, type: facts.input.type }, options)
      },
    })
    await followWork(work, ports.read, context)
    const backup = made(await now(facts, ports.read, context), { key, labels })
    if (backup !== undefined) context.note('info', `${backup.label}: ${backup.type}, ended ${backup.endedAt}.`)
    await ports.act.work.forget(host, key, options)
  },
  timeoutMs: backupTimeoutMs,
  isLong: true,
  canInterrupt: true,
  ending: {
    undo: async ({ instance: { address } }, { key }, _output, ports, { signal }) => {
      await ports.act.work.end(address.host, key, { timeoutMs: endTimeoutMs, signal })
      await ports.act.work.forget(address.host, key, { timeoutMs: askTimeoutMs, signal })
    },
    sentence: 'If the job fails or is cancelled, pgBackRest is stopped. What is unfinished is never restored from.',
    timeoutMs: endTimeoutMs + askTimeoutMs,
  },
})
