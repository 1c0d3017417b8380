import { type Followed, followCheckpoint, readCheckpoint } from '@/lib/kernel/ground/checkpoint'
import { databaseFault, getPool } from '../pg/client'

/** Number of lines → what the head was then, as it was signed. */
export type Marks = Map<number, Pick<Followed, 'head' | 'at' | 'number'>>

const batchSize = 2_000

/** Why a chain with this head after so many lines is not the one that was signed; null: nothing contradicts it. */
export const contradiction = (marks: Marks, lines: number, head: string): string | null => {
  const mark = marks.get(lines)
  if (mark === undefined || mark.head === head) return null
  const before = Math.max(0, ...[...marks.keys()].filter((one) => one < lines))
  const intact = before === 0 ? '' : ` The first ${before} are still those signed ${marks.get(before)!.at}.`
  return `The log was written anew: lines ${before + 1} to ${lines} are not those that checkpoint ${mark.number} was signed over ${mark.at}, though each follows the one before it.${intact}`
}

export const cutOff = (lines: number, signed: number, at: string): string =>
  `The log ends at line ${lines}: lines ${lines + 1} to ${signed}, signed ${at}, are missing.`

export const addMark = (marks: Marks, { lines, head, at, number }: Followed): string | null => {
  const known = marks.get(lines)
  if (known === undefined) marks.set(lines, { head, at, number })
  return known === undefined || known.head === head
    ? null
    : `Two signed checkpoints say otherwise of the first ${lines} lines: one of ${known.at}, one of ${at}.`
}

const selectBatch = `select trail, number, document from audit_checkpoints where ($1::uuid is null or trail = $1::uuid) and (trail, number) > ($2::uuid, $3::int)
  order by trail, number limit ${batchSize}`

/** Copies of signed checkpoints, of one trail (after a number) or (null) of all, in the order of each; read in batches. Throws `database.down`. */
export async function* copiesOf(
  trail: string | null,
  afterNumber = 0,
): AsyncGenerator<{ trail: string; number: number; document: string }> {
  let after: [string, number] = [trail ?? '00000000-0000-0000-0000-000000000000', afterNumber]
  for (;;) {
    const { rows } = await getPool()
      .query<{ trail: string; number: number; document: string }>(selectBatch, [trail, ...after])
      .catch((error: unknown) => {
        throw databaseFault(error)
      })
    yield* rows
    if (rows.length < batchSize) return
    const last = rows.at(-1)!
    after = [last.trail, last.number]
  }
}

/** What the copies of all trails say of the chain. `because`: one of them is not what was signed, or is missing. */
export const readMarks = async (): Promise<{ marks: Marks; count: number; because: string | null }> => {
  const marks: Marks = new Map()
  let count = 0
  let because: string | null = null
  let before: Followed | null = null
  for await (const { trail, document } of copiesOf(null)) {
    const follows = followCheckpoint(before?.trail === trail ? before : null, document)
    if (follows.ok) {
      before = follows.followed
      because ??= addMark(marks, before)
      count++
    } else {
      because ??= `${follows.because} It is one of the copies in the database.`
      // The others of this trail still say what they were signed over, each by itself.
      before = readCheckpoint(document) ?? before
    }
  }
  return { marks, count, because }
}
