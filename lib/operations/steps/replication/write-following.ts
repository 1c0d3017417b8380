import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Following } from '@/lib/ports'
import type { Place, Plain } from '../../facts/instance'
import { lookAt, mayBeKeptDown } from '../postgres/server'

type Before = { isStandby: boolean; following: Plain<Following> | null }

const fileTimeoutMs = 15_000

const isSame = (a: Following | null, b: Following): boolean =>
  a !== null &&
  a.slotName === b.slotName &&
  Object.entries(b.conninfo).every(([key, value]) => (a.conninfo[key] ?? (key === 'port' ? '5432' : undefined)) === value)

/** Makes the files of a stopped server say that it is a standby, and of whom. */
export const writeFollowing = <F extends Facts>(
  of: (facts: F) => Place,
  following: (facts: F) => Plain<Following>,
): Effect<F, Before, null> => ({
  title: 'Configure as a standby',
  preview: (facts) => ({
    sentence: `Write standby.signal and the upstream ${following(facts).conninfo.host}:${following(facts).conninfo.port} into ${of(facts).title}.`,
    commands: [`touch ${of(facts).address.dataDirectory}/standby.signal`, `primary_slot_name = ${following(facts).slotName ?? ''}`],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const place = of(facts)
    const disk = await ports.replication.dataDirectory(place.address, { timeoutMs: fileTimeoutMs, signal })
    if (disk.isStandby === true && isSame(disk.following, following(facts))) return { found: 'done', output: null }
    const probe = await lookAt(ports, place, signal)
    // Its host may have started it, fenced: what its files say can still be put right.
    if (!mayBeKeptDown(probe)) return { found: 'blocked', because: `${place.title} is ${probe.state}` }
    return { found: 'ready', before: intended?.before ?? { isStandby: disk.isStandby === true, following: disk.following } }
  },
  run: async (facts, _before, ports, { signal, note }) => {
    for (const command of ports.read.replication.commands.follow(of(facts).address, following(facts))) note('command', command)
    await ports.act.replication.follow(of(facts).address, following(facts), { timeoutMs: fileTimeoutMs, signal })
  },
  timeoutMs: 60_000,
  ending: {
    // A fence stays: whatever failed, a server that was made a standby may not come back as a primary.
    final: 'It stays a standby: the safe state for a former primary.',
    harmless: true,
  },
})
