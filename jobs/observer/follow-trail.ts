import { addMark, contradiction, copiesOf, type Marks } from '@/db/trail/marks'
import { documentHash, type Followed, followCheckpoint } from '@/lib/kernel/ground/checkpoint'
import type { CheckpointStore } from '@/lib/ports/audit-places'

/** Signatures that are checked before other work gets its turn. */
const pauseEvery = 200

interface Known {
  followed: Followed | null
  marks: Marks
  /** Of the documents, from number 1 on. */
  hashes: string[]
  lastDocument: string
  cursor: number
}

const nothing = (): Known => ({ followed: null, marks: new Map(), hashes: [], lastDocument: '', cursor: 0 })

/** What a process knows of the checkpoints of one store. What it has once read may not disappear or become another. */
export class TrailReader {
  #known: Known = nothing()

  constructor(readonly store: CheckpointStore) {}

  get followed(): Followed | null {
    return this.#known.followed
  }
  get lastDocument(): string {
    return this.#known.lastDocument
  }

  /** Why the audit log may not have this head after so many lines. */
  contradiction(lines: number, head: string): string | null {
    return contradiction(this.#known.marks, lines, head)
  }

  /**
   * Reads what was added, or `whole`: everything again. Why the store is not what it was, or null. `isGone`: there is no store any more, and a new trail
   * begins. Throws what the store throws.
   */
  async refresh(whole: boolean): Promise<{ because: string | null; isGone: boolean }> {
    const known: Known = whole ? nothing() : { ...this.#known }
    const { place } = this.store
    const read = await this.store.read(known.cursor)
    if (read === null) {
      const isGone = this.#known.followed !== null
      this.#known = nothing()
      return { because: null, isGone }
    }
    if (read.isCut) return { because: `Checkpoints were taken out of ${place}: it is shorter than it was.`, isGone: false }
    for (const [index, document] of read.documents.entries()) {
      const follows = followCheckpoint(known.followed, document)
      if (!follows.ok) return { because: `${follows.because} It stands in ${place}.`, isGone: false }
      known.followed = follows.followed
      known.hashes.push(follows.followed.hash)
      known.lastDocument = document
      addMark(known.marks, follows.followed)
      if (index % pauseEvery === pauseEvery - 1) await new Promise(setImmediate)
    }
    known.cursor = read.cursor
    const before = this.#known.followed
    if (before !== null && known.hashes[before.number - 1] !== before.hash)
      return {
        because: `Checkpoint ${before.number} in ${place} is gone, or is not the one that this worker has read there before.`,
        isGone: false,
      }
    this.#known = known
    return { because: null, isGone: false }
  }

  /** Why the copies in the database are not those of the store, or null; `whole`: each of them, else from the last but one on. One that is not there yet is told apart. */
  async compare(whole: boolean): Promise<{ because: string | null; isLastMissing: boolean }> {
    const { followed, hashes } = this.#known
    if (followed === null) return { because: null, isLastMissing: false }
    const { place } = this.store
    let expected = whole ? 1 : Math.max(1, followed.number - 1)
    for await (const { number, document } of copiesOf(followed.trail, expected - 1)) {
      const no = (because: string) => ({ because, isLastMissing: false })
      if (number > followed.number)
        return no(
          `Checkpoint ${number}, of which the database has a copy, is missing from ${place}: its end was cut off, or it is an older copy.`,
        )
      if (number !== expected) return no(`The database’s copy of checkpoint ${expected} was removed; ${place} has it.`)
      if (documentHash(document) !== hashes[number - 1])
        return no(`The database’s copy of checkpoint ${number} is not the one in ${place}: it was replaced.`)
      expected++
    }
    if (expected === followed.number) return { because: null, isLastMissing: true }
    return {
      because:
        expected > followed.number
          ? null
          : `The database’s copies of checkpoints ${expected} to ${followed.number} were removed; ${place} has them.`,
      isLastMissing: false,
    }
  }
}
