import { z } from 'zod'
import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { InputPick } from '@/lib/kernel/operation/input-pick'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { Probe, ReadPorts } from '@/lib/ports'
import { askJson } from './facts/ask-json'
import { gatherHerd, type HerdFacts, type Plain, probeTimeoutMs } from './facts/instance'
import { aboutInstance, firmInstance, herdNow, lockHerd } from './facts/instance-head'
import { isUnder } from './facts/peers'
import { acceptsConnections, seenRow } from './gates/seen'
import { dropSlotOn } from './steps/replication/drop-slot'

/** What the server says of the slot beside what a look at it says; null where it could not be told. */
type SlotSeen = {
  database: string | null
  isTemporary: boolean
  /** From PostgreSQL 17 on. */
  unusedSeconds: number | null
  /** Age of the oldest WAL that is kept for it: it was last read no later than that. */
  keptSeconds: number | null
}

type Slot = Plain<Probe>['slots'][number]

type DropSlotFacts = HerdFacts & {
  input: { slot: string }
  slot: Plain<Slot> | null
  seen: SlotSeen | null
  /** Members that are down and would read from it when they come back. */
  needs: string[]
  /** Members whose files could not be looked at. */
  unseen: string[]
}

export const dropSlot = defineOperation({
  name: 'drop-slot',
  on: 'instance',
  role: 'dba',
  title: 'Drop an inactive replication slot',
  verb: 'Drop slot',
  danger: 'destructive',
  input: z.strictObject({
    slot: z
      .string()
      .regex(/^[a-z0-9_]{1,63}$/, 'The name of a slot is small letters, digits and underscores.')
      .meta({
        title: 'Slot',
        picks: 'idle-slot' satisfies InputPick,
        examples: ['n2'],
        description: 'Name of the slot. An active slot is refused.',
      }),
  }),
  help: [
    'A slot retains all WAL that its consumer has not received, without limit if the consumer never comes back: the disk fills up and the server stops. This drops an inactive slot.',
    'The plan says how much WAL the slot retains and how long it has been inactive. It names the member that would use the slot when started again: without the slot that member may miss WAL, and must then be rebuilt.',
  ],
  gather: (ports, input, context) => gatherDropSlot(ports, input, context),
  about: aboutInstance,
  firm: (facts) => ({ ...firmInstance(facts), slot: facts.slot && { name: facts.slot.name, isActive: facts.slot.isActive } }),
  managed: { deed: 'drop-slot', servers: 'instance' },
  locks: lockHerd,
  now: (facts) => [...herdNow(facts), ...slotNow(facts)],
  offered: (row) => acceptsConnections(seenRow(row)),
})
  .gate('answers', 'The server answers', ({ probe }) => acceptsConnections(probe))
  .gate('slot', 'The slot exists', ({ slot, input, probe, instance }) => {
    if (slot !== null || probe.state !== 'online') return pass
    const names = probe.slots.map(({ name }) => name)
    return refuse(`${instance.title} has no slot ${input.slot}. ${names.length === 0 ? 'It has none.' : `It has ${names.join(', ')}.`}`)
  })
  .gate('idle', 'The slot is inactive', isIdle)
  .gate('needed', 'No member that is down needs the slot', isNeeded)
  .gate('logical', 'Not the slot of a subscriber', ({ slot, seen }) =>
    slot?.kind === 'logical'
      ? warn(
          `It is logical${seen?.database == null ? '' : `, of database ${seen.database}`}: its subscriber loses its position, and must copy its tables again.`,
        )
      : pass,
  )
  .gate('held', 'Retained WAL', (facts) => (facts.slot === null ? pass : passBecause(heldWords(facts))))
  .effect(
    'drop',
    dropSlotOn(
      ({ instance }) => instance,
      ({ input }) => input.slot,
    ),
  )
  .build()

const gatherDropSlot = async (ports: ReadPorts, input: { slot: string }, context: GatherContext): Promise<DropSlotFacts> => {
  const facts = await gatherHerd(ports, context)
  const slot = facts.probe.slots.find(({ name }) => name === input.slot) ?? null
  const seen = slot === null ? null : await lookAtSlot(ports, facts, input.slot, context.signal)
  const down = facts.others.filter(({ state }) => state !== 'online')
  const readers = await Promise.all(
    down.map(async (one) => ({ title: one.title, reads: await wouldRead(ports, facts, one.id, input, context) })),
  )
  return {
    ...facts,
    input,
    slot,
    seen,
    needs: readers.filter(({ reads }) => reads === true).map(({ title }) => title),
    unseen: readers.filter(({ reads }) => reads === null).map(({ title }) => title),
  }
}

/** null: its files cannot be read. */
const wouldRead = async (
  ports: ReadPorts,
  { instance }: HerdFacts,
  id: string,
  { slot }: { slot: string },
  { signal }: GatherContext,
): Promise<boolean | null> => {
  try {
    const { address } = await ports.inventory.instance(id)
    const { following } = await ports.replication.dataDirectory(address, { timeoutMs: probeTimeoutMs, signal })
    if (following?.slotName !== slot) return false
    const { host, port } = following.conninfo
    return isUnder({ upstream: { host: host ?? null, port: Number(port ?? 5432), slotName: slot, status: null } }, instance)
  } catch {
    signal.throwIfAborted()
    return null
  }
}

/** Columns that came later are taken from the whole row; the oldest kept segment is found by the place it holds. */
const slotSql = (name: string) => `select json_build_object(
  'database', s.database,
  'isTemporary', s.temporary,
  'unusedSeconds', extract(epoch from clock_timestamp() - (to_jsonb(s)->>'inactive_since')::timestamptz),
  'keptSeconds', (select extract(epoch from clock_timestamp() - w.modification) from pg_ls_waldir() w where right(w.name, 16) =
    upper(lpad(to_hex(p.at >> 32), 8, '0') || lpad(to_hex((p.at & 4294967295) / p.segment), 8, '0')) and length(w.name) = 24 limit 1)
)::text
from pg_replication_slots s
cross join lateral (select pg_wal_lsn_diff(s.restart_lsn, '0/0')::bigint as at, pg_size_bytes(current_setting('wal_segment_size')) as segment) p
where s.slot_name = ${quoteLiteral(name)}`

const lookAtSlot = (ports: ReadPorts, { instance }: HerdFacts, name: string, signal: AbortSignal): Promise<SlotSeen | null> =>
  askJson<SlotSeen>(ports, instance, slotSql(name), { database: 'postgres', bytesMax: 10_000, signal })

function isIdle({ slot, probe, seen }: DropSlotFacts): Verdict {
  if (slot === null) return pass
  if (slot.isActive) {
    const reader = probe.standbys.find(({ slotName }) => slotName === slot.name)
    return refuse(
      reader === undefined
        ? 'Somebody is using it now.'
        : `${reader.applicationName}${reader.clientAddress === null ? '' : ` at ${reader.clientAddress}`} is using it now.`,
    )
  }
  return seen?.isTemporary === true ? refuse('It is temporary: it is dropped with the session that created it.') : pass
}

function isNeeded({ slot, needs, unseen }: DropSlotFacts): Verdict {
  if (slot === null) return pass
  if (needs.length > 0)
    return warn(`${needs.join(', ')} would use it when started again: without it the WAL may be gone, and that member must be rebuilt.`)
  return unseen.length > 0 ? warn(`${unseen.join(', ')} cannot be seen: whether it needs this slot is not known.`) : pass
}

const sinceWords = (seen: SlotSeen | null): string => {
  if (seen?.unusedSeconds != null) return `nobody has read from it for ${formatDuration(seen.unusedSeconds)}`
  if (seen?.keptSeconds != null) return `the oldest was written ${formatDuration(seen.keptSeconds)} ago`
  return 'since when it is inactive is not known'
}

const heldWords = ({ slot, seen }: DropSlotFacts): string =>
  slot!.retainedBytes === null
    ? `It retains no WAL: it was never used, or its WAL is already removed; ${sinceWords(seen)}.`
    : `${formatBytes(slot!.retainedBytes)} of WAL; ${sinceWords(seen)}.`

const slotNow = (facts: DropSlotFacts): { label: string; value: string }[] =>
  facts.slot === null
    ? []
    : [
        { label: 'Slot', value: `${facts.slot.name} (${facts.slot.kind}, ${facts.slot.isActive ? 'in use' : 'idle'})` },
        { label: 'Retained', value: heldWords(facts) },
      ]
