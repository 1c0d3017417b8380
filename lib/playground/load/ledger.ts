import { appendFileSync, readFileSync } from 'node:fs'
import { LabError } from '../machine/error'

/**
 * What a writer knows of each row it tried to write. `acked`: the server confirmed the commit. `failed`: the server
 * refused it, so it was not committed. `unknown`: the connection ended in between, or the writer did.
 */
export type Outcome = 'acked' | 'failed' | 'unknown'
export type LedgerContents = { run: string; outcomes: Map<string, Outcome> }

/** An append-only file of lines, each written before the writer goes on, so it survives the writer's `kill -9`. */
export class Ledger {
  constructor(
    readonly file: string,
    readonly run: string,
  ) {
    appendFileSync(file, `run ${run}\n`, { flag: 'ax' })
  }

  intend(id: string): void {
    appendFileSync(this.file, `intend ${id}\n`)
  }

  close(id: string, outcome: Outcome): void {
    appendFileSync(this.file, `${outcome} ${id}\n`)
  }
}

/** An intent without an outcome is unknown: the writer died in between. */
export function readLedger(file: string): LedgerContents {
  const [head, ...lines] = readFileSync(file, 'utf8').split('\n')
  const run = head?.match(/^run (\S+)$/)?.[1]
  if (!run) throw new LabError(`${file} is not a ledger.`)
  const outcomes = new Map<string, Outcome>()
  for (const line of lines.slice(0, -1)) {
    const [word, id] = line.split(' ')
    if (!id) throw new LabError(`${file} holds the line "${line}", which no writer wrote.`)
    if (word === 'intend') outcomes.set(id, 'unknown')
    else if (word === 'acked' || word === 'failed' || word === 'unknown') outcomes.set(id, word)
    else throw new LabError(`${file} holds the line "${line}", which no writer wrote.`)
  }
  return { run, outcomes }
}

export type Verdict = {
  acked: number
  failed: number
  /** Confirmed to the writer, yet not there. Anything here is data loss. */
  lost: string[]
  /** There more than once. */
  duplicate: string[]
  /** Refused to the writer, yet there. */
  phantom: string[]
  /** In the database under this run, yet never intended by the writer. */
  foreign: string[]
  /** Those whose commit the writer could not know of, and what the database says. */
  unknown: { present: number; absent: number }
}

/** Compares a ledger with how often the database holds each id of its run. */
export function judge(ledger: LedgerContents, found: ReadonlyMap<string, number>): Verdict {
  const verdict: Verdict = { acked: 0, failed: 0, lost: [], duplicate: [], phantom: [], foreign: [], unknown: { present: 0, absent: 0 } }
  for (const [id, outcome] of ledger.outcomes) {
    const isThere = found.has(id)
    if (outcome === 'acked') verdict.acked++
    if (outcome === 'acked' && !isThere) verdict.lost.push(id)
    if (outcome === 'failed') verdict.failed++
    if (outcome === 'failed' && isThere) verdict.phantom.push(id)
    if (outcome === 'unknown') verdict.unknown[isThere ? 'present' : 'absent']++
  }
  for (const [id, times] of found) {
    if (times > 1) verdict.duplicate.push(id)
    if (!ledger.outcomes.has(id)) verdict.foreign.push(id)
  }
  return verdict
}

export function isClean(verdict: Verdict): boolean {
  return [verdict.lost, verdict.duplicate, verdict.phantom, verdict.foreign].every((ids) => ids.length === 0)
}
