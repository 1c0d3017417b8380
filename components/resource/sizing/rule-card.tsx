'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { callApi } from '@/components/run/call-api'
import { Button, LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { Age, Moment } from '@/components/ui/zone'
import type { DryRunShown } from '@/lib/shapes/sizing'
import { writes } from '@/lib/shapes/writes'
import { DryRunTable } from './dry-run-table'
import { RuleApproval, type RuleApprovalShown } from './rule-approval'

const dryDays = 7

export interface NextRun {
  /** ISO time. */
  at: string
  /** How the clock of the rule's zone shows it. */
  shown: string
  /** Why a calendar holds it, as a sentence; null: none does. */
  held: string | null
}

/** When a rule is due next, and what it would do: now, or over the last days. */
export const RuleCard = ({
  id,
  zone,
  next,
  pausedBecause,
  because,
  approval,
  reverse,
}: {
  id: string
  zone: string
  next: readonly NextRun[]
  /** null: it is not paused. */
  pausedBecause: string | null
  /** Why this person may not run it; null: they may. */
  because: string | null
  /** null: its environment asks nobody. */
  approval: RuleApprovalShown | null
  /** Where the rule that reverses it is added; null: there is one, or it reverses another itself. */
  reverse: string | null
}) => {
  const router = useRouter()
  const [busy, setBusy] = useState<'run' | 'dry' | null>(null)
  const [dry, setDry] = useState<DryRunShown | null>(null)
  const [decision, setDecision] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const begin = (what: 'run' | 'dry') => {
    setBusy(what)
    setProblem(null)
    setDecision(null)
  }
  const run = async () => {
    begin('run')
    const answer = await callApi(writes.decideRule(id))
    if (answer.ok) setDecision(answer.value.id)
    else setProblem(answer.message)
    setBusy(null)
    router.refresh()
  }
  const dryRun = async () => {
    begin('dry')
    setDry(null)
    const answer = await callApi(writes.dryRunRule(id, dryDays))
    if (answer.ok) setDry(answer.value)
    else setProblem(answer.message)
    setBusy(null)
  }
  return (
    <Card title="Next runs">
      <div className="grid gap-3">
        {approval !== null && <RuleApproval id={id} approval={approval} />}
        {pausedBecause !== null && <Note tone="warn" title={pausedBecause} />}
        <ol className="grid gap-x-6 gap-y-1 sm:grid-cols-2">
          {next.map(({ at, shown, held }) => (
            <li key={at}>
              <span className="whitespace-nowrap">{shown}</span> <span className="text-ink-2">{zone}</span>
              {held !== null && <span className="block text-ink-2">{held}</span>}
            </li>
          ))}
        </ol>
        {next[0] && (
          <p className="text-ink-2">
            The first is <Age at={next[0].at} />, at <Moment at={next[0].at} /> on your clock.
          </p>
        )}
        <div className="flex flex-wrap items-center gap-3">
          <Button onClick={() => void dryRun()} disabled={busy !== null}>
            Dry run over {dryDays} days
          </Button>
          <Button onClick={() => void run()} disabled={busy !== null || because !== null} title={because ?? undefined}>
            Run now
          </Button>
          {busy && <span className="spin" aria-hidden="true" />}
          <span role="status" className="text-ink-2">
            {busy === 'dry'
              ? 'Judging what was recorded…'
              : busy === 'run'
                ? 'Asking a worker…'
                : (because ?? 'Run now decides once, in your name, whatever calendars say.')}
          </span>
        </div>
        {reverse !== null && (
          <p className="flex flex-wrap items-center gap-3">
            <LinkButton href={reverse} variant="quiet">
              Add the rule that reverses it
            </LinkButton>
            <span className="text-ink-2">Without one, standbys keep the type it gives them.</span>
          </p>
        )}
        {problem && <Note tone="bad" isAlert title={problem} />}
        {decision !== null && (
          <Note tone="info" isAlert title="A worker decides it within seconds.">
            <p>
              <Link href={`/sizing-decisions/${decision}`}>The decision</Link> says what came of it.
            </p>
          </Note>
        )}
        {dry && <DryRunTable dry={dry} days={dryDays} />}
      </div>
    </Card>
  )
}
