import { RuleCard } from '@/components/resource/sizing/rule-card'
import { Verdicts } from '@/components/resource/sizing/verdicts'
import type { DecidedMember } from '@/db/schema'
import { nextRuns } from '@/lib/domain/rules/cron'
import { delayOf } from '@/lib/domain/rules/due'
import { parseSchedules } from '@/lib/domain/rules/schedules'
import { mayNot } from './may-not'
import type { Loaded, ResourceParts } from './part'

const nextMax = 10

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const nextOf = ({ id, values }: Loaded['record'], zone: string, now: Date): { at: string; shown: string }[] => {
  const schedules = parseSchedules(textOf(values.schedules))
  if (typeof schedules === 'string') return []
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  const delayMs = delayOf(id, Number(values.jitterSeconds ?? 0))
  return nextRuns(schedules, zone, now, nextMax).map((run) => ({
    at: new Date(run.getTime() + delayMs).toISOString(),
    shown: clock.format(run),
  }))
}

const pausedWords = (values: Loaded['record']['values'], now: Date): string | null => {
  if (values.isPaused !== true) return null
  const until = textOf(values.pausedUntil)
  if (until !== '' && Date.parse(until) <= now.getTime()) return null
  return `It is paused${until === '' ? '' : ` until ${until.slice(0, 16).replace('T', ' ')} UTC`}: ${textOf(values.pauseReason)}`
}

/** When a rule is due, and what it would do. */
const Above = ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const now = new Date()
  const zone = textOf(record.values.zone) || 'UTC'
  return (
    <RuleCard
      id={record.id}
      zone={zone}
      next={nextOf(record, zone, now)}
      pausedBecause={pausedWords(record.values, now)}
      because={mayNot(actor, 'sizing-rule.change', record.environmentId)}
    />
  )
}

export const sizingRule: ResourceParts = { Above }

export const sizingDecision: ResourceParts = {
  Above: ({ loaded: { record } }) => <Verdicts members={(record.values.members ?? []) as unknown as DecidedMember[]} />,
  shownAbove: ['members'],
}
