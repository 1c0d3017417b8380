import type { Json, JsonObject } from '@/lib/kernel/ground/json'
import type { Effect, RunContext } from '@/lib/kernel/operation/operation'
import { type LaunchFacts, memberName } from '../facts'
import { memberFacts, type RestFacts, type RestMember } from './facts'

type Befores = { [member: string]: Json }

interface Words {
  title: string
  sentence: string
  /** Which members it is taken on. */
  of: (member: RestMember) => boolean
  /** Why it stays when the job fails later. */
  final: string
}

const marksOf = (mark: Json): JsonObject => (typeof mark === 'object' && mark !== null && !Array.isArray(mark) ? mark : {})

/** A step of a launch, taken on one member after the other. Whatever it leaves serves the next Resume. */
export const onEach = <Before extends Json, Output extends Json>(
  effect: Effect<LaunchFacts, Before, Output>,
  { title, sentence, of, final }: Words,
): Effect<RestFacts, Befores, null> => {
  const { preview, check, run, timeoutMs } = effect
  const membersOf = (facts: RestFacts): LaunchFacts[] => facts.members.filter(of).map((one) => memberFacts(facts, one))
  const ownOf = (befores: Befores, name: string) => (befores[name] == null ? null : { before: befores[name] as Before })
  return {
    title,
    preview: (facts) => ({
      sentence: `${sentence} ${membersOf(facts).map(memberName).join(', ')}.`,
      commands: [...new Set(membersOf(facts).flatMap((one) => preview(one).commands))],
    }),
    check: async (facts, ports, { signal, intended, mark }) => {
      const before: Befores = {}
      const partly: string[] = []
      let isDone = true
      for (const member of membersOf(facts)) {
        const name = memberName(member)
        const own = intended === null ? null : ownOf(intended.before, name)
        const found = await check(member, ports, { signal, intended: own, mark: marksOf(mark)[name] ?? null })
        if (found.found === 'blocked') return found
        before[name] = found.found === 'ready' ? found.before : (own?.before ?? null)
        if (found.found !== 'ready') continue
        isDone = false
        if (found.partly !== undefined) partly.push(`${name}: ${found.partly}`)
      }
      if (isDone) return { found: 'done', output: null }
      return { found: 'ready', before: intended?.before ?? before, ...(partly.length > 0 ? { partly: partly.join('; ') } : {}) }
    },
    run: async (facts, before, ports, context) => {
      let marks = marksOf(context.marked)
      for (const member of membersOf(facts)) {
        const name = memberName(member)
        const own = ownOf(before, name)
        const marked = marks[name] ?? null
        const found = await check(member, ports.read, { signal: context.signal, intended: own, mark: marked })
        if (found.found !== 'ready') continue
        const mark = (value: Json) => {
          marks = { ...marks, [name]: value }
          return context.mark(marks)
        }
        await run(member, own?.before ?? found.before, ports, ownContext(context, { mark, marked }))
      }
    },
    timeoutMs: (facts) =>
      Math.max(
        60_000,
        membersOf(facts).reduce((sum, one) => sum + (typeof timeoutMs === 'number' ? timeoutMs : timeoutMs(one)), 0),
      ),
    ending: { final, harmless: true },
  }
}

const ownContext = (context: RunContext, own: Pick<RunContext, 'mark' | 'marked'>): RunContext => ({
  signal: context.signal,
  jobId: context.jobId,
  get isUnbroken() {
    return context.isUnbroken
  },
  note: context.note,
  pause: context.pause,
  pauseUnlessCancelled: context.pauseUnlessCancelled,
  ...own,
})
