import { vcpusOf } from '../machines/vcpus'

/** What a machine was for a while. Times in milliseconds since 1970. */
export interface MachineSpan {
  machineId: string
  title: string
  herdId: string
  memberId: string | null
  accountId: string
  region: string
  type: string
  /** A machine that is stopped costs nothing by the hour. */
  isRunning: boolean
  isSpot: boolean
  from: number
  to: number
}

/** What a rule made of a member. */
export interface RuleResize {
  memberId: string
  from: string
  /** What it was made, or a fallback of that. */
  became: readonly string[]
  begun: number
  ended: number
}

/** USD per hour of a type at a moment; null: not known. */
export type PriceAt = (place: { accountId: string; region: string }, type: string, at: number) => number | null

export interface TypeHours {
  type: string
  hours: number
  /** null: no price of it was known for a part of them. */
  usd: number | null
}

/** A machine in a month: what it cost, and what it would have cost had no rule made it smaller. */
export interface LedgerLine {
  machineId: string
  title: string
  herdId: string
  memberId: string | null
  /** `2026-11`, in UTC. */
  month: string
  /** Running, by type; of `types` each with its hours. */
  hours: number
  types: TypeHours[]
  /** In which nobody looked, between two looks. */
  unknownHours: number
  /** Running, without a known price of its type or of the one it would have had; counted in no sum of money. */
  unpricedHours: number
  usd: number
  bigUsd: number
}

export interface LedgerDay {
  /** `2026-11-24`, in UTC. */
  day: string
  usd: number
  bigUsd: number
}

export interface Ledger {
  lines: LedgerLine[]
  days: LedgerDay[]
}

const hourMs = 3_600_000
const dayMs = 86_400_000
/** A sweep sees a new type a little after the run that made it, and by another clock. */
const slackMs = 15 * 60_000
const skewMs = 60_000

/** From `from` to `to`; spans and resizes from before it say what was large then. */
export const ledger = (
  spans: readonly MachineSpan[],
  resizes: readonly RuleResize[],
  priceAt: PriceAt,
  { from, to }: { from: number; to: number },
): Ledger => {
  const lines = new Map<string, LedgerLine>()
  const days = new Map<string, LedgerDay>()
  const byMachine = new Map<string, MachineSpan[]>()
  for (const span of spans) byMachine.set(span.machineId, [...(byMachine.get(span.machineId) ?? []), span])
  const byMember = new Map<string, RuleResize[]>()
  for (const one of resizes) byMember.set(one.memberId, [...(byMember.get(one.memberId) ?? []), one])
  for (const own of byMachine.values()) {
    own.sort((a, b) => a.from - b.from)
    let before: MachineSpan | null = null
    let big = ''
    for (const span of own) {
      big = bigOf(span, before, big, byMember.get(span.memberId ?? '') ?? [], priceAt)
      if (before !== null)
        for (const piece of piecesOf(before.to, span.from, from, to)) lineOf(lines, before, piece.day).unknownHours += piece.hours
      for (const piece of piecesOf(span.from, span.to, from, to)) count(lineOf(lines, span, piece.day), days, span, big, piece, priceAt)
      before = span
    }
  }
  return {
    lines: [...lines.values()].sort(
      (a, b) => b.bigUsd - b.usd - (a.bigUsd - a.usd) || a.title.localeCompare(b.title) || a.month.localeCompare(b.month),
    ),
    days: [...days.values()].sort((a, b) => a.day.localeCompare(b.day)),
  }
}

/** The type that a machine would have had rules left it alone. What a person makes of it counts as it is; what a rule makes of it only where that is dearer. */
const bigOf = (span: MachineSpan, before: MachineSpan | null, big: string, resizes: readonly RuleResize[], priceAt: PriceAt): string => {
  if (before !== null && before.type === span.type) return big
  const made = resizes
    .filter(
      ({ became, begun, ended }) =>
        became.includes(span.type) && begun <= span.from + skewMs && (before === null || ended >= before.to - slackMs),
    )
    .at(-1)
  if (!made) return span.type
  const large = before === null || big === '' ? made.from : big
  return isSmaller(span, span.type, large, priceAt) ? large : span.type
}

const isSmaller = (span: MachineSpan, type: string, than: string, priceAt: PriceAt): boolean => {
  const [price, other] = [priceAt(span, type, span.from), priceAt(span, than, span.from)]
  if (price !== null && other !== null) return price < other
  const [cpus, otherCpus] = [vcpusOf(type), vcpusOf(than)]
  return cpus !== null && otherCpus !== null && cpus < otherCpus
}

interface Piece {
  day: string
  at: number
  hours: number
}

/** What of it lies in the time asked about, cut at each midnight of UTC. */
function* piecesOf(begin: number, end: number, from: number, to: number): Generator<Piece, void> {
  let at = Math.max(begin, from)
  const until = Math.min(end, to)
  while (at < until) {
    const next = Math.min(until, (Math.floor(at / dayMs) + 1) * dayMs)
    yield { day: new Date(at).toISOString().slice(0, 10), at, hours: (next - at) / hourMs }
    at = next
  }
}

const lineOf = (lines: Map<string, LedgerLine>, { machineId, title, herdId, memberId }: MachineSpan, day: string): LedgerLine => {
  const month = day.slice(0, 7)
  const key = `${machineId} ${herdId} ${memberId} ${month}`
  const known = lines.get(key)
  if (known) return known
  const line: LedgerLine = {
    machineId,
    title,
    herdId,
    memberId,
    month,
    hours: 0,
    types: [],
    unknownHours: 0,
    unpricedHours: 0,
    usd: 0,
    bigUsd: 0,
  }
  lines.set(key, line)
  return line
}

const count = (
  line: LedgerLine,
  days: Map<string, LedgerDay>,
  span: MachineSpan,
  big: string,
  { day, at, hours }: Piece,
  priceAt: PriceAt,
) => {
  if (!span.isRunning) return
  const price = span.isSpot ? null : priceAt(span, span.type, at)
  const bigPrice = span.isSpot ? null : priceAt(span, big, at)
  line.hours += hours
  const of = line.types.find(({ type }) => type === span.type) ?? { type: span.type, hours: 0, usd: 0 }
  if (of.hours === 0) line.types.push(of)
  of.hours += hours
  of.usd = of.usd === null || price === null ? null : of.usd + price * hours
  if (price === null || bigPrice === null) {
    line.unpricedHours += hours
    return
  }
  line.usd += price * hours
  line.bigUsd += bigPrice * hours
  const sum = days.get(day) ?? { day, usd: 0, bigUsd: 0 }
  days.set(day, { day, usd: sum.usd + price * hours, bigUsd: sum.bigUsd + bigPrice * hours })
}
