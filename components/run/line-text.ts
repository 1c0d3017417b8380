import { formatDuration } from '@/lib/domain/values/duration'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import { leftOutWords } from '@/lib/kernel/ground/left-out'
import { verdictWords } from '@/lib/kernel/operation/verdict'
import type { Tone } from '@/lib/kernel/resource/field'

/** state: what moved the job. output: what a command printed. info: progress, checks and the rest. */
export type LineClass = 'state' | 'output' | 'info'

export interface LineText {
  text: string
  tone: Tone
  class: LineClass
}

const took = (tookMs: number) => `in ${formatDuration(tookMs / 1000)}`
const reason = (because: string | null) => (because === null || because === '' ? '' : `: ${because}`)
const state = (tone: Tone, text: string): LineText => ({ text, tone, class: 'state' })

const outcomeTones = { done: 'good', undone: 'warn', failed: 'bad', refused: 'bad', cancelled: 'neutral' } as const

/** A journal line as the log shows it. `titleOf` gives the title of a check or a step by its name. */
export const lineText = (line: JournalLine, titleOf: (step: string) => string): LineText => {
  switch (line.kind) {
    case 'opened':
      return state('neutral', `Started by worker ${line.driver}`)
    case 'resumed':
      return state('warn', `Taken over by worker ${line.driver}${line.by ? ` for ${line.by}` : ''}`)
    case 'gathered':
      return { text: 'Checked the target', tone: 'neutral', class: 'info' }
    case 'gate':
      return {
        text: `Check “${titleOf(line.step)}”: ${verdictWords[line.verdict]}${reason(line.because)}`,
        tone: line.verdict === 'pass' || line.verdict === 'unknown' ? 'neutral' : line.verdict === 'warn' ? 'warn' : 'bad',
        class: 'info',
      }
    case 'intended':
      return state('info', `${titleOf(line.step)}: begins`)
    case 'marked':
      return { text: `${titleOf(line.step)}: in progress`, tone: 'neutral', class: 'info' }
    case 'finished':
      return line.ours
        ? state('good', `${titleOf(line.step)}: done ${took(line.tookMs)}`)
        : state('neutral', `${titleOf(line.step)}: already done, nothing to do`)
    case 'left-out':
      return state('neutral', `${titleOf(line.step)}: ${leftOutWords[line.word]}: ${line.because}`)
    case 'refused':
      return state('bad', `Refused${line.step === null ? '' : ` at ${titleOf(line.step)}`}: ${line.because}`)
    case 'failed':
      return state(
        'bad',
        `${titleOf(line.step)}: ${line.certainty === 'unknown' ? 'not known whether it happened' : 'failed, it did not happen'}: ${line.because}`,
      )
    case 'undo-intended':
      return state('warn', `${titleOf(line.step)}: undoing`)
    case 'undone':
      return state('warn', `${titleOf(line.step)}: undone ${took(line.tookMs)}`)
    case 'undo-failed':
      return state('bad', `${titleOf(line.step)}: could not be undone: ${line.because}`)
    case 'release-intended':
      return state('info', `${titleOf(line.step)}: releasing`)
    case 'released':
      return state('good', `${titleOf(line.step)}: released ${took(line.tookMs)}`)
    case 'release-failed':
      return state('bad', `${titleOf(line.step)}: could not be released: ${line.because}`)
    case 'cancel-requested':
      return state('warn', `Cancelled by ${line.by}`)
    case 'attention':
      return state('warn', `Needs attention: ${line.because} ${line.question}`)
    case 'decided':
      return state('info', `${line.by} ${line.decision === 'resume' ? 'resumed' : 'abandoned'} the job`)
    case 'waited':
      return {
        text: `The console’s own database did not answer for ${formatDuration(line.tookMs / 1000)}; the job waited`,
        tone: 'warn',
        class: 'info',
      }
    case 'note':
      return {
        text: line.stream === 'command' ? `$ ${line.text}` : line.text,
        tone: line.stream === 'warning' ? 'warn' : line.stream === 'command' ? 'info' : 'neutral',
        class: line.stream === 'stdout' || line.stream === 'stderr' ? 'output' : 'info',
      }
    case 'segment':
      return state('info', `${line.title}: its turn`)
    case 'segment-closed':
      return state(outcomeTones[line.outcome], `${line.segment}: ${line.outcome}${reason(line.because)}`)
    case 'closed':
      return state(outcomeTones[line.outcome], `Ended: ${line.outcome}${reason(line.because)}`)
  }
}
