'use client'

import { useState } from 'react'
import { proved } from '@/components/shell/prove'
import { Button } from '@/components/ui/button'
import { CopyButton } from '@/components/ui/copy-button'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { Moment } from '@/components/ui/zone'
import type { Plan } from '@/lib/kernel/operation/plan'
import type { PlanView } from '@/lib/shapes/plan'
import type { OperateActions } from './shared'

type ApprovalActions = Pick<OperateActions, 'askApproval' | 'approve'>

/** Told apart by what may be done now: the person who asked submits; another person approves; nobody acts on a plan that runs already. */
export const Approval = ({
  row,
  plan,
  mayApprove,
  link,
  actions,
  work,
  isBusy,
}: {
  row: PlanView
  plan: Plan
  mayApprove: boolean
  link: string
  actions: ApprovalActions
  /** Awaits a call, and shows what it is refused for. */
  work: (call: ReturnType<OperateActions['approve']>) => void
  isBusy: boolean
}) => {
  if (!plan.needsApproval) return null
  if (row.approvedByName !== null)
    return (
      <p>
        <State tone="good">Approved</State> by {row.approvedByName}
        {row.approvedAt && (
          <>
            {' '}
            at <Moment at={row.approvedAt} />
          </>
        )}
        . The approval applies to exactly this plan.
      </p>
    )
  if (!row.isOwn)
    return (
      <Note
        tone="warn"
        title={`${row.actorName} asks for your approval`}
        actions={
          <Button
            variant="env"
            disabled={!mayApprove || isBusy}
            onClick={() => work(proved(() => actions.approve(row.id, plan.digest, row.waitsUntil)))}
          >
            Approve this plan
          </Button>
        }
      >
        {mayApprove
          ? row.waitsUntil === null
            ? 'Read the plan above. Approving starts nothing: it allows the person who asked to start exactly this plan.'
            : 'Read the plan above. Approving lets exactly this plan start at its time; without an approval it is skipped.'
          : 'You lack the permission to run this operation there, so you cannot approve it.'}
      </Note>
    )
  if (row.approvalAskedAt === null)
    return (
      <Note
        tone="warn"
        title="A second person must approve this plan"
        actions={
          <Button variant="primary" disabled={isBusy} onClick={() => work(actions.askApproval(row.id))}>
            Ask for approval
          </Button>
        }
      >
        This shows the plan on the front page of everybody who may run this operation there. Nothing runs yet.
      </Note>
    )
  return (
    <Note tone="warn" title="Waiting for a second person’s approval" actions={<CopyButton text={link} label="Copy the link for them" />}>
      Asked at <Moment at={row.approvalAskedAt} />. This page continues by itself once somebody has approved; you may close it.
    </Note>
  )
}

/** Of a plan that waits for its time: moved to another one, it has to be approved again. */
export const ScheduledApproval = ({
  row,
  plan,
  mayApprove,
  link,
  actions,
}: {
  row: PlanView
  plan: Plan
  mayApprove: boolean
  link: string
  actions: ApprovalActions
}) => {
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  if (!plan.needsApproval || row.waitsUntil === null) return null
  const work = async (call: ReturnType<OperateActions['approve']>) => {
    setBusy(true)
    const outcome = await call.catch(() => null)
    setRefusal(outcome === null ? 'The console did not answer.' : outcome.ok ? null : outcome.message)
    setBusy(false)
  }
  return (
    <section className="card plan-confirm" aria-label="Approval">
      <Approval row={row} plan={plan} mayApprove={mayApprove} link={link} actions={actions} work={work} isBusy={isBusy} />
      {refusal && <Note tone="bad" isAlert title={refusal} />}
    </section>
  )
}
