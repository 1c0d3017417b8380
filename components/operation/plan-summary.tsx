import { EnvironmentBadge } from '@/components/ui/environment'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { counted } from '@/lib/domain/values/counted'
import { formatDuration } from '@/lib/domain/values/duration'
import type { Affected, Plan, PlanTarget } from '@/lib/kernel/operation/plan'
import type { Tone } from '@/lib/kernel/resource/field'
import type { Environments, OperateResource } from './shared'
import {
  type AffectedTotal,
  estimateSeconds,
  type GroupedGate,
  groupGates,
  isAlreadySo,
  overridesOf,
  rollback,
  summedUp,
  totalAffected,
} from './summary'

const affectedWords: Record<Exclude<Affected['kind'], 'redundancy'>, readonly [string, string]> = {
  clients: ['client connection', 'client connections'],
  transactions: ['active transaction', 'active transactions'],
  standbys: ['standby', 'standbys'],
  names: ['name', 'names'],
  poolers: ['pooler', 'poolers'],
}

/** A longer one names every standby of a wide herd; the target has it in full. */
const sentenceMax = 160

/** Redundancy is told herd by herd: copies of different herds do not add up to anything. */
const affectedSentence = (total: AffectedTotal): string => {
  const sentences = [...new Set(total.sentences.map(({ sentence }) => sentence))]
  if (sentences.length <= 2 && sentences.every((sentence) => sentence.length <= sentenceMax)) return sentences.join(' ')
  if (total.kind === 'redundancy')
    return `${sentences.slice(0, 2).join(' ')}${sentences.length > 2 ? ` And ${sentences.length - 2} more; open the targets to read them.` : ''}`
  return `${total.unknown > 0 ? 'at least ' : ''}${counted(total.count, ...affectedWords[total.kind])} on ${total.sentences.length === 1 ? 'one target' : `${total.sentences.length} targets`}`
}

const Titles = ({ targets }: { targets: readonly PlanTarget[] }) => (
  <span className="text-ink-2">
    {targets
      .slice(0, 8)
      .map((target) => target.title)
      .join(', ')}
    {targets.length > 8 && ` and ${targets.length - 8} more`}
  </span>
)

const Gates = ({ gates, tone, title }: { gates: readonly GroupedGate[]; tone: Tone; title: string }) => (
  <Note tone={tone} title={title}>
    <ul className="grid gap-1">
      {gates.map((gate) => (
        <li key={gate.title}>
          {gate.reasons.slice(0, 3).map((reason) => (
            <p key={reason.because}>
              <strong>{gate.title}</strong>:{' '}
              {reason.because.length > sentenceMax ? `${reason.because.slice(0, sentenceMax)} …` : reason.because}{' '}
              {reason.targets.length > 1 && <>({reason.targets.length} targets) </>}
              {reason.targets.length > 1 ? (
                <Titles targets={reason.targets} />
              ) : (
                <span className="text-ink-2">{reason.targets[0]!.title}</span>
              )}
            </p>
          ))}
          {gate.reasons.length > 3 && (
            <p className="text-ink-2">
              … and {gate.reasons.length - 3} more reasons on {gate.targets} targets: open the targets to read them.
            </p>
          )}
        </li>
      ))}
    </ul>
  </Note>
)

const Excluded = ({ targets }: { targets: readonly PlanTarget[] }) => {
  const byReason = new Map<string, PlanTarget[]>()
  for (const target of targets) byReason.set(target.reason ?? '', [...(byReason.get(target.reason ?? '') ?? []), target])
  return (
    <Note tone="bad" title={`${targets.length} ${targets.length === 1 ? 'is' : 'are'} excluded`}>
      <ul className="grid gap-1">
        {[...byReason].map(([reason, held]) => (
          <li key={reason}>
            {reason} <Titles targets={held} />
          </li>
        ))}
      </ul>
    </Note>
  )
}

const Fact = ({ label, children }: { label: string; children: React.ReactNode }) => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
)

/** What a person must know before reading any single target: how many, where, the impact, how long, and whether it can be undone. */
export const PlanSummary = ({
  plan,
  resource,
  environments,
  children,
}: {
  plan: Plan
  resource: OperateResource
  environments: Environments
  /** What is answered before anything else is read: it stands above the warnings. */
  children?: React.ReactNode
}) => {
  const eligible = plan.targets.filter((target) => target.eligible)
  const already = plan.targets.filter(isAlreadySo)
  const excluded = plan.targets.filter((target) => !target.eligible && !isAlreadySo(target))
  // The others are answered in a box of their own.
  const hopeless = excluded.filter((target) => overridesOf(target).length === 0)
  const { targets, isWouldBe } = summedUp(plan)
  const warnings = groupGates(targets, 'warn')
  const blind = groupGates(targets, 'unknown')
  const affected = totalAffected(targets)
  const seconds = estimateSeconds(plan, targets)
  return (
    <>
      <section className="card plan-summary" aria-label="Summary">
        <p className="plan-count">
          <State tone={eligible.length > 0 ? 'good' : 'neutral'}>
            {eligible.length > 0 ? `${counted(eligible.length, ...resource.noun)} will run` : 'Nothing will run'}
          </State>
          {excluded.length > 0 && (
            <State tone="bad">
              {excluded.length} {excluded.length === 1 ? 'is' : 'are'} excluded
            </State>
          )}
          {already.length > 0 && <State tone="neutral">{already.length} already done: nothing to do</State>}
          {isWouldBe && targets.length > 0 && <span className="text-ink-2">Below: what would happen once you overrule the refusal</span>}
        </p>
        <dl className="plan-facts">
          <Fact label="Where">
            <span className="flex flex-wrap gap-1.5">
              {plan.environments.map((environment) => (
                <span key={environment.id} className="inline-flex items-baseline gap-1">
                  <EnvironmentBadge environment={environments[environment.id] ?? environment} />{' '}
                  {environment.targets > 0 && environment.targets}
                </span>
              ))}
            </span>
          </Fact>
          {targets.length > 0 && (
            <>
              <Fact label="Impact">
                {affected.length === 0
                  ? 'No impact on clients'
                  : affected.map((total) => (
                      <span key={total.kind} className="block">
                        {affectedSentence(total)}
                      </span>
                    ))}
              </Fact>
              <Fact label="Duration">
                {seconds === null ? 'Unknown: it has not run here before' : `About ${formatDuration(seconds)}`}
                {plan.history && (
                  <span className="block text-ink-2">
                    {formatDuration(plan.history.medianSeconds)} a target, median of {plan.history.count} earlier runs
                  </span>
                )}
              </Fact>
              <Fact label="Rollback">{rollback(targets)}</Fact>
            </>
          )}
        </dl>
      </section>
      {children}
      {warnings.length > 0 && (
        <Gates gates={warnings} tone="warn" title={warnings.length === 1 ? 'One check warns' : `${warnings.length} checks warn`} />
      )}
      {blind.length > 0 && (
        <Gates gates={blind} tone="neutral" title={blind.length === 1 ? 'One check is unknown' : `${blind.length} checks are unknown`} />
      )}
      {hopeless.length > 0 && <Excluded targets={hopeless} />}
    </>
  )
}
