import { formatDuration } from '@/lib/domain/values/duration'
import { leftOutWords } from '@/lib/kernel/ground/left-out'
import { sleep } from '@/lib/kernel/ground/sleep'
import { verdictWords } from '@/lib/kernel/operation/verdict'
import type { EventOf, RunEventsStream, StreamEnd } from '@/lib/shapes/streams'
import { getJson, NoAnswer, request, type Where } from './client'
import { exitCodes } from './exit-codes'
import { say } from './say'
import { clean } from './table'

type Line = RunEventsStream['line']
type RunState = RunEventsStream['run']

const sentenceOf = (line: Line): string | null => {
  switch (line.kind) {
    case 'opened':
      return 'started'
    case 'intended':
      return `${line.step}: starts`
    case 'finished':
      return `${line.step}: ${line.ours === false ? 'already done' : 'done'}`
    case 'left-out':
      return `${line.step}: ${leftOutWords[line.word]}: ${line.because}`
    case 'failed':
      return `${line.step}: failed: ${line.because}`
    case 'refused':
      return `refused: ${line.because}`
    case 'undone':
      return `${line.step}: undone`
    case 'released':
      return `${line.step}: released`
    case 'undo-failed':
    case 'release-failed':
      return `${line.step}: ${line.kind.replace('-', ' ')}: ${line.because}`
    case 'gate':
      return line.verdict === 'pass' ? null : `${line.step}: ${verdictWords[line.verdict]}: ${line.because}`
    case 'attention':
      return `needs attention: ${line.because}\n    ${line.question}`
    case 'cancel-requested':
      return 'cancel requested'
    case 'waited':
      return `waited ${formatDuration(line.tookMs / 1000)} for the console’s own database`
    case 'note':
      return `  ${line.stream === 'command' ? '$ ' : ''}${line.text}`
    case 'segment':
      return `${line.title}: its turn`
    case 'segment-closed':
      return `${line.segment}: ${line.outcome}${line.because ? `: ${line.because}` : ''}`
    case 'closed':
      return `${line.outcome}${line.because ? `: ${line.because}` : ''}`
    default:
      return null
  }
}

/** `end`: the console has told all there is. */
type Event = (EventOf<RunEventsStream> | { event: 'end'; data: StreamEnd }) & { id: string | null }

/** Server-sent events of one response. */
async function* eventsOf(response: Response): AsyncGenerator<Event> {
  const decoder = new TextDecoder()
  let waiting = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    waiting += decoder.decode(chunk, { stream: true })
    const blocks = waiting.split('\n\n')
    waiting = blocks.pop()!
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((text) => [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1).trimStart()]),
      )
      const data = fields.get('data')
      if (data !== undefined) yield { event: fields.get('event'), id: fields.get('id') ?? null, data: JSON.parse(data) } as Event
    }
  }
}

const reconnectMs = 1_000
const reconnectsMax = 60

/** `refused` when every job that did not end well was refused by a check; `attention` outranks both. */
const codeOf = ({ state, jobs }: RunState): number => {
  if (state === 'attention' || jobs.some((job) => job.state === 'attention')) return exitCodes.attention
  if (state === 'done') return exitCodes.done
  const bad = jobs.filter((job) => job.state !== 'done')
  return bad.length > 0 && bad.every((job) => job.state === 'refused') ? exitCodes.refused : exitCodes.failed
}

/** `in 7 s` counts down: said once. */
const withoutTime = (words: string | null): string | null => words?.replace(/ in \d+ s\b/, '') ?? null

const sayWait = (title: string, waitsFor: string | null, before: string | null): void => {
  if (waitsFor !== null && withoutTime(waitsFor) !== withoutTime(before))
    say(clean(`${new Date().toISOString().slice(11, 19)} ${title}: ${waitsFor}`))
}

/** Follows a run until it ends or needs attention, with what its jobs wait for; continues after the last line when the connection breaks. Returns the exit code. */
export const watch = async (where: Where, runId: string): Promise<number> => {
  const path = `/api/v1/runs/${encodeURIComponent(runId)}`
  const titles = new Map<string, string>()
  const said = new Map<string, string | null>()
  let after: string | null = null
  for (let broken = 0; broken <= reconnectsMax; broken++) {
    try {
      const response: Response = await request(where, `${path}/events`, { headers: after === null ? {} : { 'last-event-id': after } })
      for await (const news of eventsOf(response)) {
        broken = 0
        if (news.id !== null) after = news.id
        if (news.event === 'line') {
          const line = news.data
          if (!titles.has(line.jobId)) for (const job of (await getJson<RunState>(where, path)).jobs) titles.set(job.id, job.title)
          const sentence = sentenceOf(line)
          if (sentence !== null)
            say(`${line.at.slice(11, 19)} ${titles.get(line.jobId) ?? line.jobId}: ${sentence.split('\n').map(clean).join('\n')}`)
        }
        if (news.event === 'run')
          for (const { id, title, waitsFor } of news.data.jobs) {
            titles.set(id, title)
            sayWait(title, waitsFor, said.get(id) ?? null)
            said.set(id, waitsFor)
          }
        if (news.event === 'end' || (news.event === 'run' && news.data.state === 'attention')) return await end(where, path)
      }
    } catch (error) {
      if (!(error instanceof NoAnswer) && !(error instanceof TypeError)) throw error
    }
    await sleep(reconnectMs)
  }
  throw new NoAnswer(
    `The console has stopped answering. The run continues without this command; follow it later with: matriarch watch ${runId}`,
  )
}

const end = async (where: Where, path: string): Promise<number> => {
  const run = await getJson<RunState>(where, path)
  const count = (state: string) => run.jobs.filter((job) => job.state === state).length
  const states = [...new Set(run.jobs.map((job) => job.state))].map((state) => `${count(state)} ${state}`)
  say(`${run.state}: ${states.join(', ')}`)
  return codeOf(run)
}
