'use client'

import Link from 'next/link'
import { useState } from 'react'
import { EnvironmentBadge } from '@/components/ui/environment'
import { LineDiff } from '@/components/ui/line-diff'
import { State } from '@/components/ui/state'
import { Moment } from '@/components/ui/zone'
import { formatDuration } from '@/lib/domain/values/duration'
import type { EndingKind, GateVerdict, PlannedEffect, PlanTarget } from '@/lib/kernel/operation/plan'
import { effectWords, verdictWords, worstVerdict } from '@/lib/kernel/operation/verdict'
import type { Tone } from '@/lib/kernel/resource/field'
import { ExactCommands } from './exact-commands'
import type { Environments } from './shared'
import { isAlreadySo, pointsOfNoReturn } from './summary'

const verdictTones: Record<GateVerdict['verdict'], Tone> = { pass: 'good', warn: 'warn', unknown: 'neutral', refuse: 'bad' }
const effectTones: Record<PlannedEffect['state'], Tone> = {
  'will-run': 'info',
  'already-so': 'neutral',
  blocked: 'bad',
  'not-asked': 'neutral',
  'not-needed': 'neutral',
  'not-possible': 'neutral',
}
const endingWords: Record<EndingKind, string> = { undo: 'Can be undone', release: 'Released at the end', final: 'Cannot be undone' }

const targetLook = (target: PlanTarget): [Tone, string] => {
  if (isAlreadySo(target)) return ['neutral', 'already done']
  if (!target.eligible) return ['bad', 'excluded']
  return worstVerdict(target.gates) === 'warn' ? ['warn', 'will run, warned'] : ['good', 'will run']
}

/** Lines of a file that go and that come, and nothing else. */
const diffLines = /^[+-] .*(\n[+-] .*)*$/

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/

const Gates = ({ gates }: { gates: readonly GateVerdict[] }) => (
  <ul className="plan-gates">
    {gates.map((gate) => (
      <li key={gate.name}>
        <State tone={verdictTones[gate.verdict]}>{verdictWords[gate.verdict]}</State>
        <span>
          {gate.title}
          {gate.because && <span className="text-ink-2">: {gate.because}</span>}
        </span>
      </li>
    ))}
  </ul>
)

const Step = ({ effect, index }: { effect: PlannedEffect; index: number }) => (
  <li className="plan-step" data-state={effect.state}>
    <div className="flex flex-wrap items-baseline gap-x-3">
      <strong>
        {index + 1}. {effect.title}
      </strong>
      <State tone={effectTones[effect.state]}>{effectWords[effect.state]}</State>
    </div>
    {effect.preview !== '' && <p>{effect.preview}</p>}
    {effect.because && effect.because !== effect.preview && <p className="text-ink-2">{effect.because}</p>}
    <p className="text-ink-2">
      {endingWords[effect.ending.kind]}: {effect.ending.sentence}
      {effect.timeoutMs > 0 && ` At most ${formatDuration(effect.timeoutMs / 1000)}.`}
    </p>
    <ExactCommands commands={effect.commands} />
  </li>
)

const Body = ({ target }: { target: PlanTarget }) => {
  const lines = pointsOfNoReturn(target)
  return (
    <div className="plan-body">
      {target.reason && <p className="st bad whitespace-normal">{target.reason}</p>}
      <div className="plan-columns">
        <div>
          <h3>Now</h3>
          <dl className="facts">
            {target.now.map(({ label, value }) => (
              <div key={label} className="contents">
                <dt>{label}</dt>
                {diffLines.test(value) ? (
                  <LineDiff as="dd" lines={value.split('\n')} />
                ) : (
                  <dd>{isoTime.test(value) ? <Moment at={value} /> : value}</dd>
                )}
              </div>
            ))}
          </dl>
          {target.affected.length > 0 && (
            <>
              <h3>Impact</h3>
              <ul className="list-disc pl-5">
                {target.affected.map((affected) => (
                  <li key={`${affected.kind} ${affected.sentence}`}>{affected.sentence}</li>
                ))}
              </ul>
            </>
          )}
          {target.gates.length > 0 && (
            <>
              <h3>Checks</h3>
              <Gates gates={target.gates} />
            </>
          )}
        </div>
        {target.effects.length > 0 && (
          <div>
            <h3>Steps</h3>
            <ol className="grid gap-2">
              {target.effects.map((effect, index) => [
                lines.has(index) ? (
                  <li key={`line ${effect.name}`} className="plan-line">
                    {effect.name.includes('/')
                      ? 'Point of no return of this part: it is completed, and stays if a later one fails'
                      : 'Point of no return: from here on nothing is undone'}
                  </li>
                ) : null,
                <Step key={effect.name} effect={effect} index={index} />,
              ])}
            </ol>
          </div>
        )}
      </div>
    </div>
  )
}

/** One target of a plan: a line, and behind it what it is now, the checks, and each step with its exact commands. Its body is built when opened. */
export const PlanTargetRow = ({
  target,
  path,
  environments,
  isOpenAtFirst,
  changes,
}: {
  target: PlanTarget
  path: string
  environments: Environments
  isOpenAtFirst: boolean
  /** What is different from the plan the person read before; empty: nothing. */
  changes: readonly string[]
}) => {
  const [isOpen, setOpen] = useState(isOpenAtFirst)
  const [tone, word] = targetLook(target)
  const environment = target.environmentId === null ? undefined : environments[target.environmentId]
  return (
    <li className="plan-target" data-changed={changes.length > 0 || undefined}>
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className="plan-title">
            {environment && <EnvironmentBadge environment={environment} />}
            <strong>{target.title}</strong>
            {changes.length > 0 && (
              <State tone="info" isPill>
                changed
              </State>
            )}
          </span>
          <span className="plan-now">
            {target.now
              .slice(0, 4)
              .map(({ label, value }) => (/^[a-z][a-z -]*$/i.test(value) ? value : `${label.toLowerCase()} ${value}`))
              .join(' · ')}
          </span>
          <State tone={tone}>{word}</State>
        </summary>
        {changes.length > 0 && (
          <ul className="plan-changes" aria-label="What changed since the plan you read">
            {changes.map((change) => (
              <li key={change}>{change}</li>
            ))}
          </ul>
        )}
        {isOpen && <Body target={target} />}
        {isOpen && (
          <p className="plan-body pt-0">
            <Link href={`/${path}/${target.id}`} prefetch={false}>
              Open {target.title}
            </Link>
          </p>
        )}
      </details>
    </li>
  )
}
