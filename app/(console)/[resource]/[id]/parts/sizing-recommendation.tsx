import { EvidenceChart } from '@/components/resource/sizing/evidence-chart'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { clock, type Evidence, ruleOf } from '@/lib/domain/rules/recommend'
import { mayNot } from './may-not'
import type { Loaded, ResourceParts } from './part'

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const hourOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)

/** What is recommended, what it was found by, and the form that makes a rule of it. */
const Above = ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const { values } = record
  const [type, fromHour, untilHour] = [textOf(values.type), hourOf(values.fromHour), hourOf(values.untilHour)]
  const evidence = values.evidence as unknown as Evidence
  const rule = ruleOf({ type, fromHour, untilHour })
  const because = mayNot(actor, 'sizing-rule.add', record.environmentId)
  const address = `/sizing-rules/add?${new URLSearchParams({ herdId: String(values.herdId), ...rule })}`
  return (
    <>
      <Card title="What is recommended">
        <div className="grid gap-3">
          <p>
            <strong>{headline(textOf(values.kind), textOf(values.fromType), type, fromHour, untilHour)}</strong>
          </p>
          <p>{textOf(values.because)}</p>
          {values.kind === 'shrink' && (
            <p className="flex flex-wrap items-center gap-3">
              {because === null ? (
                <LinkButton href={address} variant="env">
                  Make a rule of it
                </LinkButton>
              ) : (
                <span className="text-ink-2">{because}</span>
              )}
              <span className="text-ink-2">The form comes filled in; nothing is saved yet. Then add the rule that reverses it.</span>
            </p>
          )}
          {values.kind === 'smaller' && (
            <p>
              <LinkButton href={`/instances?herdId=${String(values.herdId)}&role=standby`}>Show its standbys</LinkButton>{' '}
              <span className="text-ink-2">Tick them there, and resize them.</span>
            </p>
          )}
          {values.kind === 'review' && typeof values.ruleId === 'string' && (
            <p>
              <LinkButton href={`/sizing-rules/${values.ruleId}`}>Open the rule</LinkButton>
            </p>
          )}
        </div>
      </Card>
      {evidence.points.length > 1 && <EvidenceChart evidence={evidence} type={type} />}
    </>
  )
}

const headline = (kind: string | null, was: string | null, type: string | null, from: number | null, until: number | null): string => {
  if (kind === 'shrink' && from !== null && until !== null)
    return `Shrink its standbys from ${was} to ${type} between ${clock(from)} and ${clock(until)} UTC.`
  if (kind === 'smaller') return `Its standbys would do with ${type} in place of ${was} at every hour.`
  if (kind === 'review') return 'A rule of this herd seldom acts.'
  return kind === 'covered' ? 'This herd has a rule.' : 'Nothing is recommended.'
}

export const sizingRecommendation: ResourceParts = { Above, shownAbove: ['evidence', 'because'] }
