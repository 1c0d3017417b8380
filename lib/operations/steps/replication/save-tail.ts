import { formatBytes } from '@/lib/domain/values/bytes'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { TailPlace, TailSaved } from '@/lib/ports/rewinds'
import type { Place, Plain } from '../../facts/instance'
import { followWork, newWorkKey } from '../host-work'
import { keepDown, lookAt, mayBeKeptDown } from '../postgres/server'

export interface TailWith<F> {
  of: (facts: F) => Place
  fork: (facts: F) => string
  place: (facts: F) => Plain<TailPlace> | null
}

type Before = { key: string }

const lookTimeoutMs = 15_000
const endTimeoutMs = 60_000
const saveTimeoutMs = 2 * 3_600_000

/** Copies the WAL past the fork aside on the same host, before a rewind takes it back: what only this server ever had. Read it with pg_waldump. */
export const saveTail = <F extends Facts>({ of, fork, place }: TailWith<F>): Effect<F, Before, Plain<TailSaved>> => ({
  title: 'Archive the WAL past the fork',
  preview: (facts) => ({
    sentence: `Copy the WAL of ${of(facts).title} from ${fork(facts)} on to ${place(facts)?.path} on its own host, with a manifest. It stays until somebody removes it; pg_waldump reads it.`,
    commands: [`cp ${of(facts).address.dataDirectory}/pg_wal/… ${place(facts)?.path}/`],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const { id, address } = of(facts)
    const before = intended?.before ?? { key: newWorkKey('tail', id, ports.now()) }
    const saved = await ports.copies.savedTail(address, fork(facts), { timeoutMs: lookTimeoutMs, signal })
    if (saved !== null) return { found: 'done', output: saved }
    const probe = await lookAt(ports, of(facts), signal)
    return mayBeKeptDown(probe) ? { found: 'ready', before } : { found: 'blocked', because: `${of(facts).title} is ${probe.state}` }
  },
  run: async (facts, { key }, ports, context) => {
    const { host } = of(facts).address
    const options = { timeoutMs: lookTimeoutMs, signal: context.signal }
    const seen = await ports.read.work.look(host, key, options)
    if (seen.state === 'lost' || (seen.state === 'ended' && seen.exitCode !== 0)) await ports.act.work.forget(host, key, options)
    if (seen.state !== 'running' && !(seen.state === 'ended' && seen.exitCode === 0)) {
      await keepDown(of(facts), ports, context)
      await ports.act.copies.saveTail(of(facts).address, fork(facts), key, options)
    }
    await followWork({ host, key, what: 'Saving the WAL past the fork' }, ports.read, context)
    await ports.act.work.forget(host, key, options)
    const saved = await ports.read.copies.savedTail(of(facts).address, fork(facts), options)
    if (saved !== null)
      context.note('info', `${saved.files} files, ${formatBytes(saved.bytes)}, are saved in ${saved.path}; ${saved.manifest} names them.`)
  },
  timeoutMs: saveTimeoutMs,
  ending: {
    release: async (facts, { key }, _output, ports, { signal }) => {
      const { host } = of(facts).address
      if ((await ports.read.work.look(host, key, { timeoutMs: lookTimeoutMs, signal })).state === 'absent') return
      await ports.act.work.end(host, key, { timeoutMs: endTimeoutMs, signal })
      await ports.act.work.forget(host, key, { timeoutMs: lookTimeoutMs, signal })
    },
    sentence: 'Archived WAL stays until somebody removes it; a copy that is still running is stopped however the job ends.',
    timeoutMs: endTimeoutMs + 2 * lookTimeoutMs,
  },
})
