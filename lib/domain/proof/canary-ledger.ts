import { type Strip, type StripSample, sampleOf, wholeStrip } from './canary-strip'
import type { CanaryEvidence } from './certificate'

/**
 * The canary's ledger: one line an event, each written before the writer goes on, times in milliseconds of the monotonic clock since its first line.
 * `sent` is written before the row is sent. `ack` names the timeline and the position of the commit. `refused`: the server said no, so it is not committed.
 * `unknown`: the connection ended in between. A `sent` without any of them is unknown, too. `mode`: how safe the acknowledgements from there on are.
 */
export type LedgerEvent =
  | { kind: 'sent'; id: number; atMs: number }
  | { kind: 'ack'; id: number; atMs: number; timeline: number; lsn: string }
  | { kind: 'refused' | 'unknown'; id: number; atMs: number; code: string }

/** As the server that acknowledged had them. */
export interface CommitMode {
  synchronousCommit: string
  standbyNames: string
}

export interface CanaryLedger {
  /** ISO; null: the writer ended without a word. */
  startedAt: string
  endedAt: string | null
  elapsedMs: number
  events: LedgerEvent[]
  /** In the order in which they came. */
  modes: CommitMode[]
}

export const ledgerHead = (startedAt: string): string => `canary ${startedAt}\n`
export const ledgerEnd = (atMs: number, endedAt: string): string => `end ${atMs.toFixed(3)} ${endedAt}\n`
export const ledgerMode = ({ synchronousCommit, standbyNames }: CommitMode): string =>
  `mode ${synchronousCommit} ${encodeURIComponent(standbyNames)}\n`
export const ledgerLine = (event: LedgerEvent): string => {
  const rest = event.kind === 'ack' ? ` ${event.timeline} ${event.lsn}` : event.kind === 'sent' ? '' : ` ${event.code}`
  return `${event.kind} ${event.id} ${event.atMs.toFixed(3)}${rest}\n`
}

/** null: it is no ledger. A last line that was cut off is left out, as its writer died over it. */
export const readLedger = (text: string): CanaryLedger | null => {
  const [head = '', ...lines] = text.split('\n').slice(0, -1)
  const startedAt = /^canary (\S+)$/.exec(head)?.[1]
  if (startedAt === undefined) return null
  const ledger: CanaryLedger = { startedAt, endedAt: null, elapsedMs: 0, events: [], modes: [] }
  for (const line of lines) {
    const end = /^end ([\d.]+) (\S+)$/.exec(line)
    const mode = /^mode (\S+) (\S*)$/.exec(line)
    const event = end || mode ? null : eventOf(line)
    if (end) Object.assign(ledger, { elapsedMs: Number(end[1]), endedAt: end[2]! })
    else if (mode) ledger.modes.push({ synchronousCommit: mode[1]!, standbyNames: decodeURIComponent(mode[2]!) })
    else if (event === null) return null
    else ledger.events.push(event)
  }
  if (ledger.endedAt === null) ledger.elapsedMs = ledger.events.at(-1)?.atMs ?? 0
  return ledger
}

const eventOf = (line: string): LedgerEvent | null => {
  const [kind, first, second, third, fourth] = line.split(' ')
  const [id, atMs] = [Number(first), Number(second)]
  if (!Number.isSafeInteger(id) || !Number.isFinite(atMs)) return null
  if (kind === 'sent') return { kind, id, atMs }
  if (kind === 'ack' && third !== undefined && fourth !== undefined) return { kind, id, atMs, timeline: Number(third), lsn: fourth }
  return (kind === 'refused' || kind === 'unknown') && third !== undefined ? { kind, id, atMs, code: third } : null
}

/** Every attempt that has an answer, as a picture shows it. */
export const stripOf = ({ startedAt, endedAt, elapsedMs, events }: CanaryLedger): Strip => {
  const sentAt = new Map<number, number>()
  const samples: StripSample[] = []
  for (const event of events)
    if (event.kind === 'sent') sentAt.set(event.id, event.atMs)
    else samples.push(sampleOf(sentAt.get(event.id) ?? event.atMs, event.atMs, event.kind === 'ack' ? event.timeline : event.code))
  return wholeStrip({ startedAt, atMs: Math.round(elapsedMs), samples }, endedAt !== null)
}

/** Rows of this run as one server holds them. */
interface FoundRows {
  on: string
  ids: number[]
}

const idsShown = 20

/** What the ledger and the new primary's rows say together. `found` null: the new primary was not asked. `cutOff`: what else is known to be missing. */
export const judgeCanary = (
  ledger: CanaryLedger,
  found: FoundRows | null,
  about: { through: string; sha256: string; cutOff: string | null },
): CanaryEvidence => {
  const sent = ledger.events.filter((event) => event.kind === 'sent')
  const acks = ledger.events.filter((event) => event.kind === 'ack')
  const refused = ledger.events.filter((event) => event.kind === 'refused')
  const known = new Set([...acks, ...refused].map(({ id }) => id))
  const errors = ledger.events.flatMap((event) => ('code' in event ? [event.code] : []))
  const sentAt = new Map(sent.map(({ id, atMs }) => [id, atMs]))
  const latencies = acks.map(({ id, atMs }) => atMs - (sentAt.get(id) ?? atMs)).sort((a, b) => a - b)
  const share = (part: number) => latencies[Math.min(latencies.length - 1, Math.floor(part * latencies.length))] ?? 0
  return {
    through: about.through,
    startedAt: ledger.startedAt,
    endedAt: ledger.endedAt ?? ledger.startedAt,
    elapsedMs: ledger.elapsedMs,
    ledger: { sha256: about.sha256, attempts: sent.length },
    acked: acks.length,
    refused: refused.length,
    unknown: sent.filter(({ id }) => !known.has(id)).length,
    errors: countsOf(errors),
    latencyMs: { p50: share(0.5), p99: share(0.99), max: latencies.at(-1) ?? 0 },
    longestGapMs: longestGap(acks.map(({ atMs }) => atMs)),
    timelines: timelinesOf(acks),
    found: found === null ? null : foundOf(found, new Set(acks.map(({ id }) => id)), new Set(sent.map(({ id }) => id)), known),
    cutOff: about.cutOff ?? (ledger.endedAt === null ? 'the writer ended without a word, as when its worker dies' : null),
    commitModes: [...new Set(ledger.modes.map(sayMode))],
    strip: stripOf(ledger),
  }
}

/** What an acknowledgement guaranteed: whether the commit can still be lost. */
const sayMode = ({ synchronousCommit, standbyNames }: CommitMode): string => {
  const setting = `synchronous_commit = ${synchronousCommit}`
  if (synchronousCommit === 'off') return `${setting}: acknowledged before it was on any disk`
  if (synchronousCommit === 'local' || standbyNames === '')
    return `${setting}${standbyNames === '' ? ', no synchronous standby' : ''}: acknowledged once it was on the primary’s disk`
  return `${setting}, synchronous_standby_names = ${standbyNames}: acknowledged once standbys had it, too`
}

const countsOf = (codes: readonly string[]): { code: string; count: number }[] =>
  [...new Set(codes)]
    .map((code) => ({ code, count: codes.filter((one) => one === code).length }))
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))

const longestGap = (times: readonly number[]): number | null =>
  times.length < 2 ? null : Math.max(...times.slice(1).map((at, index) => at - times[index]!))

const timelinesOf = (acks: readonly Extract<LedgerEvent, { kind: 'ack' }>[]): CanaryEvidence['timelines'] =>
  [...new Set(acks.map(({ timeline }) => timeline))].map((timeline) => {
    const own = acks.filter((ack) => ack.timeline === timeline)
    return { timeline, acked: own.length, lastLsn: own.at(-1)!.lsn }
  })

const foundOf = (
  { on, ids }: FoundRows,
  acked: ReadonlySet<number>,
  sent: ReadonlySet<number>,
  known: ReadonlySet<number>,
): NonNullable<CanaryEvidence['found']> => {
  const there = new Set(ids)
  const lost = [...acked].filter((id) => !there.has(id))
  return {
    on,
    rows: ids.length,
    lost: lost.length,
    lostIds: lost.slice(0, idsShown),
    // Refused and there all the same counts with what nobody sent: neither can be.
    foreign: ids.filter((id) => !sent.has(id) || (known.has(id) && !acked.has(id))).length,
    unknownPresent: ids.filter((id) => sent.has(id) && !known.has(id)).length,
  }
}
