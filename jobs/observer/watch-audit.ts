import { keyReplaced } from '@/db/keys/certificate-key'
import { inTransaction } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { verifyAudit, writeAudit } from '@/db/trail/audit'
import { type ChainPoint, chainStart, hashOfLine, lastLine, walkChain } from '@/db/trail/chain'
import { tellFolds } from '@/db/trail/folds'
import { copiesOf, cutOff } from '@/db/trail/marks'
import { claimTrail, insertCheckpoint, leaveTrail, lockTrails, noteLook, type Remembered } from '@/db/trail/trails'
import { systemActor } from '@/lib/kernel/access/access'
import { type CertificateKeys, keyIdOf } from '@/lib/kernel/ground/certificate'
import { type AuditBreach, beforeFirst, checkpointVersion, signCheckpoint } from '@/lib/kernel/ground/checkpoint'
import { isFault } from '@/lib/kernel/ground/errors'
import type { CheckpointSink, CheckpointStore } from '@/lib/ports/audit-places'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'
import { TrailReader } from './follow-trail'

const everyMs = 60_000
const claimMs = 3 * everyMs
const sendWithinMs = 5_000

export interface Pace {
  /** A checkpoint is signed after so long, and after so many lines. */
  checkpointEveryMs: number
  checkpointEveryLines: number
  /** So long after every line was recomputed it begins again, so many lines a look. */
  wholeEveryMs: number
  wholeLines: number
}

export const usualPace: Pace = { checkpointEveryMs: 3_600_000, checkpointEveryLines: 1_000, wholeEveryMs: 3_600_000, wholeLines: 20_000 }

export interface WatchOptions {
  store: CheckpointStore
  sink: CheckpointSink | null
  /** The console's own, opened again for each use. */
  keys: () => Promise<CertificateKeys>
  holder: string
  log: Log
  pace?: Pace
}

interface Found {
  because: string
  line: number | null
}

/** `end`: how far the chain was followed from the last checkpoint. `wholeLines`: every line was recomputed. */
interface Seen {
  found: Found | null
  end: ChainPoint | null
  wholeLines: number | null
  fault: string | null
}
const unseen: Seen = { found: null, end: null, wholeLines: null, fault: null }

/** What a store has to say is for the page; a fault of the console's own is not. */
const orError = <T>(work: Promise<T>): Promise<T | Error> =>
  work.catch((error: Error) => {
    if (isFault(error)) throw error
    return error
  })

/**
 * Looks after the audit log from outside of its database: signs how far its chain had come, keeps that in a store which the database's owner does not reach, and
 * looks again and again whether the log is still the one that was signed. Once it is not, nothing is signed until it is explained.
 */
export class AuditWatch {
  readonly #reader: TrailReader
  #trail = crypto.randomUUID()
  /** How far the reading of the whole chain has come; null: it rests. */
  #whole: ChainPoint | null = chainStart
  #wholeEndedAt = 0
  /** The trail that stood in the same place and is gone. */
  #replaced: string | null = null
  /** An alarm that the sink did not take yet. */
  #isUntold = false
  /** What is wrong at the end of the log, where every line was searched for it. */
  #searched: { at: string; found: Found } | null = null
  readonly #stopping = new AbortController()

  constructor(readonly options: WatchOptions) {
    this.#reader = new TrailReader(options.store)
  }

  get #pace(): Pace {
    return this.options.pace ?? usualPace
  }

  stop(): Promise<void> {
    this.#stopping.abort()
    return leaveTrail(this.#trail, this.options.holder).catch(() => {})
  }

  /** One look. Throws `database.down`. */
  async look(): Promise<void> {
    const { store, sink, holder } = this.options
    if (this.#whole === null && Date.now() - this.#wholeEndedAt >= this.#pace.wholeEveryMs) this.#whole = chainStart
    const startsWhole = this.#whole !== null && this.#whole.lines === 0
    const read = await orError(this.#reader.refresh(startsWhole))
    if (!(read instanceof Error) && read.isGone) {
      this.#replaced = this.#trail
      this.#trail = crypto.randomUUID()
    }
    this.#trail = this.#reader.followed?.trail ?? this.#trail
    const isUnread = read instanceof Error && this.#reader.followed === null
    const remembered = await claimTrail({
      trail: isUnread ? null : this.#trail,
      place: store.place,
      alsoTo: sink?.address ?? null,
      holder,
      claimMs,
    })
    if (remembered === null) return
    this.#trail = remembered.trail
    const seen = read instanceof Error ? { ...unseen, fault: read.message } : await this.#judge(read.because, startsWhole, remembered)
    const breach = seen.found === null ? (seen.wholeLines === null ? remembered.breach : null) : this.#breachOf(seen.found, remembered)
    // What was wrong in the middle is over only once every line was read again.
    if (seen.found !== null) this.#whole = chainStart
    const sending = await this.#send(remembered, breach)
    await noteLook(this.#trail, {
      isChecked: !(read instanceof Error),
      lines: seen.end?.lines ?? this.#reader.followed?.lines ?? 0,
      wholeLines: seen.wholeLines,
      breach,
      fault: seen.fault ?? sending.fault,
      sent: sending.sent,
    })
  }

  /** As `look`; one that is cut short by `stop` is no failure. */
  lookUntilStopped(): Promise<void> {
    return this.look().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) throw error
    })
  }

  async #judge(because: string | null, startsWhole: boolean, remembered: Remembered): Promise<Seen> {
    const found = because === null ? await this.#contradiction(startsWhole) : { because, line: null }
    if (found !== null) return { ...unseen, found }
    const end = await this.#followEnd()
    if ('because' in end) return { ...unseen, found: end }
    const whole = await this.#followWhole()
    if (whole.found !== null || remembered.breach !== null) return { ...unseen, ...whole, end }
    const signed = await orError(this.#sign(end))
    return { ...whole, end, fault: signed instanceof Error ? signed.message : null }
  }

  #breachOf(found: Found, { breach, wholeAt }: Remembered): AuditBreach {
    return { ...found, intactAt: breach === null ? wholeAt : breach.intactAt }
  }

  /** Store, key and copies. */
  async #contradiction(whole: boolean): Promise<Found | null> {
    const { followed } = this.#reader
    if (followed === null) return null
    const opened = await this.options.keys().catch((error: unknown) => {
      if (isFault(error) && error.facts.because === keyReplaced) return null
      throw error
    })
    if (opened === null) return { because: keyReplaced, line: null }
    const { publicKey } = opened
    const keyId = keyIdOf(publicKey)
    if (keyId !== followed.keyId)
      return {
        because: `The console’s signing key is another one (${keyId}) than the one that signed so far (${followed.keyId}).`,
        line: null,
      }
    const { because, isLastMissing } = await this.#reader.compare(whole)
    // A worker that died between the two: the store has it, and so it was signed.
    if (isLastMissing)
      await inPgTransaction((client) => insertCheckpoint(client, this.options.store.place, this.#reader.lastDocument, followed))
    return because === null ? null : { because, line: null }
  }

  /** From the last checkpoint to the end of the log. */
  async #followEnd(): Promise<ChainPoint | Found> {
    const { followed } = this.#reader
    if (followed === null) {
      // Before the first checkpoint of a trail is signed, every line and what others have signed is looked at.
      const { ok, lines, head, because, firstBroken } = await verifyAudit()
      return ok ? { lines, head } : { because: because!, line: firstBroken ?? null }
    }
    const hash = await hashOfLine(followed.lines)
    if (hash === followed.head) {
      const walked = await walkChain(followed, { signal: this.#stopping.signal })
      return walked.ok ? { lines: walked.lines, head: walked.head } : { because: walked.because, line: walked.firstBroken }
    }
    const at = `${followed.hash} ${hash}`
    if (this.#searched?.at !== at) this.#searched = { at, found: await this.#search() }
    return this.#searched.found
  }

  /** The first line that is not as it was signed; read once for each state of the log. */
  async #search(): Promise<Found> {
    const followed = this.#reader.followed!
    const walked = await walkChain(chainStart, {
      expect: ({ lines, head }) => this.#reader.contradiction(lines, head),
      signal: this.#stopping.signal,
    })
    if (!walked.ok) return { because: walked.because, line: walked.firstBroken }
    const last = await lastLine()
    return { because: cutOff(last, followed.lines, followed.at), line: last + 1 }
  }

  /** A piece of the whole chain; `wholeLines` when it came to the end. */
  async #followWhole(): Promise<{ found: Found | null; wholeLines: number | null }> {
    if (this.#whole === null) return { found: null, wholeLines: null }
    const walked = await walkChain(this.#whole, {
      linesMax: this.#pace.wholeLines,
      expect: ({ lines, head }) => this.#reader.contradiction(lines, head),
      signal: this.#stopping.signal,
    })
    if (!walked.ok) return { found: { because: walked.because, line: walked.firstBroken }, wholeLines: null }
    this.#whole = walked.isEnd ? null : walked
    if (!walked.isEnd) return { found: null, wholeLines: null }
    this.#wholeEndedAt = Date.now()
    return { found: null, wholeLines: walked.lines }
  }

  /** Signs how far the chain was followed, when it is time. Throws what the store throws. */
  async #sign(end: ChainPoint): Promise<void> {
    const { checkpointEveryMs, checkpointEveryLines } = this.#pace
    const last = this.#reader.followed
    if (last !== null && Date.now() - Date.parse(last.at) < checkpointEveryMs && end.lines - last.lines < checkpointEveryLines) return
    const { store, keys, log } = this.options
    const ownKeys = await keys()
    const isSigned = await inPgTransaction(async (client) => {
      await lockTrails(client)
      // Somebody else may have added one meanwhile, to the same file.
      const { because } = await this.#reader.refresh(false)
      const before = this.#reader.followed
      if (because !== null || before?.hash !== last?.hash) return false
      const checkpoint = {
        version: checkpointVersion,
        trail: this.#trail,
        number: (before?.number ?? 0) + 1,
        at: new Date().toISOString(),
        ...end,
        previous: before?.hash ?? beforeFirst,
      }
      const document = signCheckpoint(checkpoint, ownKeys)
      await store.append(document)
      await insertCheckpoint(client, store.place, document, checkpoint)
      return true
    })
    await this.#reader.refresh(false)
    if (!isSigned) return
    log.info({ place: store.place, ...end }, 'audit checkpoint')
    if (last !== null) return
    const detail = { trail: this.#trail, place: store.place, ...(this.#replaced === null ? {} : { replaced: this.#replaced }) }
    await inTransaction((tx) => writeAudit(tx, systemActor, { act: 'audit.begin-trail', title: store.place, detail }))
    this.#replaced = null
  }

  /** Sends on what was signed since, and tells of an alarm that begins or ends. */
  async #send({ breach: before, sent }: Remembered, breach: AuditBreach | null): Promise<{ sent: number; fault: string | null }> {
    const { sink, store, log } = this.options
    const isNews = this.#isUntold || (before === null) !== (breach === null)
    if (isNews && breach !== null) log.error({ place: store.place, ...breach }, 'the audit log is not the one that was signed')
    if (isNews && breach === null) log.info({ place: store.place }, 'the audit log is again the one that was signed')
    const number = this.#reader.followed?.number ?? 0
    if (sink === null) return { sent: number, fault: null }
    this.#isUntold = isNews
    let done = Math.min(sent, number)
    try {
      const tell = (kind: 'checkpoint' | 'alarm', text: string) => sink.send(kind, text, AbortSignal.timeout(sendWithinMs))
      if (isNews) await tell('alarm', JSON.stringify({ place: store.place, trail: this.#trail, ...(breach ?? { because: 'It is over.' }) }))
      this.#isUntold = false
      if (done < number)
        for await (const copy of copiesOf(this.#trail, done)) {
          await tell('checkpoint', copy.document)
          done = copy.number
        }
      return { sent: done, fault: null }
    } catch (error) {
      if (isFault(error)) throw error
      return { sent: done, fault: (error as Error).message }
    }
  }
}

/** Looks after the audit log as long as the process lives. Any number of workers may do so: of those that mean the same file one does. */
export const startAuditWatch = (options: WatchOptions): { stop: () => Promise<void> } => {
  const watch = new AuditWatch(options)
  const repeated = repeat(
    [
      { name: 'audit log', everyMs, work: () => watch.lookUntilStopped() },
      { name: 'audit folds', everyMs, work: () => tellFolds().then(() => {}) },
    ],
    options.log,
  )
  return {
    stop: async () => {
      await watch.stop()
      await repeated.stop()
    },
  }
}
