import { type MaintainedIndex, type MaintainedTable, shownName } from '@/lib/domain/maintenance/work'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { formatDuration } from '@/lib/domain/values/duration'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { Plain } from '../facts/instance'
import { acceptsConnections, seenRow } from '../gates/seen'
import type { Upkeep } from './facts'
import { objectsMax, shownMax } from './input'

type Any = Upkeep<MaintainedTable | MaintainedIndex>

const standbyWords = 'It is a standby and takes no writes: run this on the primary of its herd. Standbys get the result by replication.'

export const offeredOnPrimary = (row: Record<string, unknown>): Verdict => {
  const seen = seenRow(row)
  return seen.role === 'standby' ? refuse(standbyWords) : acceptsConnections(seen)
}

export const isPrimary = ({ probe }: Any): Verdict => (probe.role === 'standby' ? refuse(standbyWords) : pass)

/** `noun`: table or index. */
export const areFound =
  (one: string, many: string) =>
  ({ probe, because, objects, missing, leftOut, database, instance }: Any): Verdict => {
    if (probe.state !== 'online' || probe.role === 'standby') return pass
    if (because !== null) return refuse(`Database ${database} on ${instance.title} could not be read: ${because.replace(/\.$/, '')}.`)
    if (leftOut > 0)
      return refuse(
        `${objects.length + leftOut} ${many} match, and one run takes at most ${objectsMax}. Name fewer: by schema, or by the beginning of their names.`,
      )
    if (objects.length === 0) return refuse(`No ${one} of database ${database} matches ${missing.join(', ')}.`)
    if (missing.length > 0) return warn(`Nothing matches ${missing.join(', ')}; ${counted(objects.length, one, many)} will be taken.`)
    return passBecause(`${counted(objects.length, one, many)}.`)
  }

const oldestWords = ({ around: { oldest, prepared } }: Any): string[] => [
  ...(oldest === null ? [] : [`The transaction of ${oldest.who} has been open for ${formatDuration(oldest.seconds)}`]),
  ...(prepared === 0 ? [] : [`${counted(prepared, 'prepared transaction')} ${prepared === 1 ? 'waits' : 'wait'} for the second phase`]),
]

/** `then`: what an old transaction means for it. */
export const nothingHoldsItUp =
  (then: string) =>
  (facts: Any): Verdict => {
    const words = oldestWords(facts)
    return words.length === 0 ? pass : warn(`${words.join('; ')}. ${then}`)
  }

export const nothingElseWorks = ({ around: { working }, database }: Any): Verdict =>
  working === 0
    ? pass
    : warn(
        `${counted(working, 'session vacuums', 'sessions vacuum')} or ${working === 1 ? 'builds' : 'build'} an index in ${database} now: on the same table this waits for it, or times out.`,
      )

/** Each as a person reads it; of many the first. */
export const listed = <T extends { schema: string; name: string; bytes: number }>(
  objects: readonly T[],
  words: (object: T) => string,
): { label: string; value: string }[] => {
  const rest = objects.slice(shownMax)
  return [
    ...objects.slice(0, shownMax).map((one) => ({ label: shownName(one), value: words(one) })),
    ...(rest.length === 0
      ? []
      : [
          {
            label: `${rest.length} more`,
            value: `${formatBytes(rest.reduce((sum, { bytes }) => sum + bytes, 0))} together; see the commands`,
          },
        ]),
  ]
}

export const hasRoom = (freeBytes: number | null, largest: Plain<MaintainedIndex> | undefined): Verdict => {
  if (largest === undefined) return pass
  const most = Math.max(largest.bytes, largest.neededBytes ?? 0)
  if (freeBytes === null)
    return warn(`How much space is free is not known. The largest needs about ${formatBytes(most)} beside the old one.`)
  const words = `${formatBytes(freeBytes)} free; one index at a time stands beside its old self, the largest with about ${formatBytes(most)}.`
  return freeBytes < most * 1.2 ? refuse(`Not enough: ${words}`) : passBecause(words)
}
