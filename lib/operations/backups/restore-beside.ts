import { formatBytes } from '@/lib/domain/values/bytes'
import type { Effect } from '@/lib/kernel/operation/operation'
import { copyTimeoutMs } from '../rebuild/copy-data'
import { dropBeside, followWork, newWorkKey, startWork, undoBeside } from '../steps/host-work'
import { known } from './facts'
import type { RestoreFacts } from './restore-facts'

type Before = { key: string }

const fileTimeoutMs = 60_000

/** As a copy of another server: it runs on the host by itself, is followed by whoever comes next, and is ended by a cancel. */
export const restoreBeside = (): Effect<RestoreFacts, Before, null> => ({
  title: 'Restore the backup beside the old directory',
  preview: ({ instance, backup, commands }) => ({
    sentence: `Restore ${backup === null ? 'the backup' : `${backup.label}, ${formatBytes(backup.bytes)},`} into a fresh directory beside ${instance.address.dataDirectory}; a server that runs keeps running meanwhile.`,
    commands,
  }),
  check: async ({ instance: { id, address } }, ports, { signal, intended }) => {
    if (intended === null) return { found: 'ready', before: { key: newWorkKey('restore', id, ports.now()) } }
    const { copy } = await ports.copies.look(address, { timeoutMs: fileTimeoutMs, signal })
    const { key } = intended.before
    if (copy.key === key && ['whole', 'half', 'swapped'].includes(copy.stage)) return { found: 'done', output: null }
    const work = await ports.work.look(address.host, key, { timeoutMs: fileTimeoutMs, signal })
    const isBegun = copy.key === key || work.state !== 'absent'
    return { found: 'ready', before: intended.before, ...(isBegun ? { partly: 'a part of it is restored' } : {}) }
  },
  run: async (facts, { key }, ports, context) => {
    const { address } = facts.instance
    const work = { host: address.host, key, what: 'pgbackrest restore' }
    await startWork(work, ports, context, {
      drop: () => dropBeside(address, key, ports, context),
      start: async () => {
        for (const command of facts.commands) context.note('command', command)
        const spec = { key, stanza: known(facts.seen)!.stanza, label: facts.backup!.label, target: facts.target }
        await ports.act.copies.startRestore(address, spec, { timeoutMs: fileTimeoutMs, signal: context.signal })
      },
    })
    await followWork(work, ports.read, context)
  },
  timeoutMs: copyTimeoutMs,
  isLong: true,
  canInterrupt: true,
  ending: undoBeside('If the job fails or is cancelled, the restore is stopped and its directory removed.'),
})
