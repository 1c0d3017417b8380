import { addSample, isWorthSaying, newPace, progressText, said } from '@/lib/domain/copies/copy-progress'
import { formatBytes } from '@/lib/domain/values/bytes'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { InPlaceSpec } from '@/lib/ports'
import { keepDown, lookAt, mayBeKeptDown } from '../steps/postgres/server'
import { copyTimeoutMs, rateKbOf } from './copy-data'
import type { RebuildFacts } from './facts'

const fileTimeoutMs = 60_000
const beginTimeoutMs = 300_000

const again =
  'the server cannot start until rsync has come to its end: resume, or abandon the job and rebuild it again, in place or with a copy'

const specOf = ({ upstream, upstreamDisk, inPlace, input }: RebuildFacts): InPlaceSpec => ({
  key: inPlace!.key,
  upstream: upstream!.address,
  rateKbMax: rateKbOf(input.throttleMbit),
  tablespaces: upstreamDisk?.tablespaces ?? [],
})

/** Two steps, so that the next driver can tell a finished one from one that never began. */
export const beginInPlace: Effect<RebuildFacts, null, null> = {
  title: 'Prevent the server from starting',
  preview: ({ instance }) => ({
    sentence: `Mark ${instance.address.dataDirectory} so that the server cannot start until rsync is complete, even if its host reboots or the console is lost. Its pg_wal is emptied.`,
    commands: [],
  }),
  check: async ({ instance, inPlace }, ports, { signal }) => {
    const { copy } = await ports.copies.look(instance.address, { timeoutMs: fileTimeoutMs, signal })
    if (copy.inPlaceKey !== null && copy.inPlaceKey === inPlace?.key) return { found: 'done', output: null }
    const probe = await lookAt(ports, instance, signal)
    return mayBeKeptDown(probe) ? { found: 'ready', before: null } : { found: 'blocked', because: `${instance.title} is ${probe.state}` }
  },
  run: async (facts, _before, ports, context) => {
    await keepDown(facts.instance, ports, context)
    await ports.act.copies.beginInPlace(facts.instance.address, specOf(facts), { timeoutMs: beginTimeoutMs, signal: context.signal })
  },
  timeoutMs: beginTimeoutMs + 120_000,
  ending: { final: 'The old data are overwritten once rsync starts.' },
}

/** rsync between the upstream's host and its own, through us: one that a dead worker left is ended, and everything is compared again from the beginning. */
export const fillInPlace: Effect<RebuildFacts, null, null> = {
  title: 'Synchronise the data directory with rsync',
  preview: ({ upstream, instance, totalBytes }) => ({
    sentence: `Compare ${upstream!.title}${totalBytes === null ? '' : `, ${formatBytes(totalBytes)},`} with ${instance.address.dataDirectory} block by block with rsync and transfer what differs, during a backup on the upstream; then allow it to start as a standby.`,
    commands: ['rsync --ignore-times --inplace --no-whole-file --delete-before …'],
  }),
  check: async ({ instance, inPlace }, ports, { signal, intended }) => {
    const { copy } = await ports.copies.look(instance.address, { timeoutMs: fileTimeoutMs, signal })
    if (intended === null) return { found: 'ready', before: null }
    if (copy.inPlaceKey === inPlace?.key) return { found: 'ready', before: null, partly: again }
    return copy.inPlaceKey === null ? { found: 'done', output: null } : { found: 'blocked', because: 'another rebuild in place has begun' }
  },
  run: async (facts, _before, ports, context) => {
    const { instance, totalBytes } = facts
    for (const command of ports.read.copies.commands.inPlace(instance.address)) context.note('command', command)
    let pace = newPace
    const onProgress = (bytes: number) => {
      pace = addSample(pace, { bytes, atMs: ports.read.now().getTime() })
      if (!isWorthSaying(pace, totalBytes)) return
      context.note('info', progressText(pace, totalBytes))
      pace = said(pace)
    }
    const options = { timeoutMs: copyTimeoutMs, signal: context.signal, onProgress }
    const { bytes, moved } = await ports.act.copies.fillInPlace(instance.address, specOf(facts), options)
    context.note('info', `${formatBytes(bytes)} compared, ${formatBytes(moved)} moved`)
  },
  timeoutMs: copyTimeoutMs + beginTimeoutMs,
  isLong: true,
  canInterrupt: true,
  ending: { final: 'The old data are overwritten as it goes.' },
}
