'use client'

import { useState } from 'react'
import { proved } from '@/components/shell/prove'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { RefusalNote } from '@/components/ui/refusal-note'
import { useZone } from '@/components/ui/zone'
import { counted } from '@/lib/domain/values/counted'
import { closedAt } from '@/lib/domain/values/maintenance-window'
import type { OperationDescription } from '@/lib/kernel/operation/operation'
import type { Plan } from '@/lib/kernel/operation/plan'
import type { Outcome, Refusal } from '@/lib/shapes/outcome'
import { type PlanView, reasonMax, ticketMax } from '@/lib/shapes/plan'
import { Approval } from './approval'
import type { OperateActions, OperateResource } from './shared'
import { environmentWords } from './summary'
import { TypedPhrase } from './typed-phrase'
import { appointedText, chosenMoment, OutsideWindow, type When, WhenFields } from './when'

/** The last part of the page: reason, ticket, the time, the typed phrase where one is asked, and the button that names how many and where. */
export const Confirm = ({
  row,
  plan,
  description,
  resource,
  link,
  mayApprove,
  actions,
  onSubmitted,
  onScheduled,
  onMoved,
}: {
  row: PlanView
  plan: Plan
  description: OperationDescription
  resource: OperateResource
  link: string
  mayApprove: boolean
  actions: Pick<OperateActions, 'submit' | 'schedule' | 'askApproval' | 'approve'>
  onSubmitted: (runId: string) => void
  onScheduled: (scheduledId: string) => void
  onMoved: (planId: string) => void
}) => {
  const [reason, setReason] = useState('')
  const [ticket, setTicket] = useState('')
  const [phrase, setPhrase] = useState('')
  const [isOutsideWindow, setOutsideWindow] = useState(false)
  const [when, setWhen] = useState<When>({ kind: 'now', local: '' })
  const zone = useZone()
  const [openedAt] = useState(() => new Date())
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  // One key per page view: a double click, or a retry after a lost answer, gives the run that was made the first time.
  const [idempotencyKey] = useState(() => `${row.id}:${Math.random().toString(36).slice(2)}`)

  const isPhraseRight = plan.phrase === null || phrase.trim() === plan.phrase
  const isApproved = !plan.needsApproval || row.approvedByName !== null
  const isNow = when.kind === 'now'
  const moment = chosenMoment(when, zone, plan, openedAt)
  const closed = plan.isDisruptive && typeof moment !== 'string' ? closedAt(plan.environments, moment) : []
  const missing = !isApproved
    ? 'A second person must approve first.'
    : typeof moment === 'string'
      ? moment
      : closed.length > 0 && !isOutsideWindow
        ? `No maintenance window is open${isNow ? '' : ' then'}.`
        : closed.length > 0 && reason.trim() === ''
          ? 'Give the reason for running it outside the window.'
          : !isPhraseRight
            ? 'Type the phrase first.'
            : null

  const words = `${description.verb} ${plan.eligible} in ${environmentWords(plan)}`

  const work = async <T,>(call: Promise<Outcome<T>>, done: (value: T) => void = () => {}) => {
    setBusy(true)
    setRefusal(null)
    try {
      const outcome = await call
      if (outcome.ok) done(outcome.value)
      else setRefusal(outcome)
    } catch {
      setRefusal({
        ok: false,
        code: 'internal.bug',
        message: 'The console did not answer. Look at the list of runs before you try again.',
        fields: [],
      })
    }
    setBusy(false)
  }
  const submit = () => {
    const order = { planId: row.id, digest: plan.digest, phrase: phrase.trim(), reason, ticket, isOutsideWindow }
    if (isNow)
      work(
        proved(() => actions.submit({ ...order, idempotencyKey })),
        (value) => {
          if ('runId' in value) onSubmitted(value.runId)
          else onMoved(value.movedTo)
        },
      )
    else
      work(
        proved(() => actions.schedule({ ...order, at: when.kind === 'window' ? 'window' : appointedText(when.local, zone) })),
        (value) => {
          if ('scheduledId' in value) onScheduled(value.scheduledId)
          else onMoved(value.movedTo)
        },
      )
  }

  return (
    <section className="card plan-confirm" aria-label="Confirm">
      <Approval row={row} plan={plan} mayApprove={mayApprove} link={link} actions={actions} work={work} isBusy={isBusy} />
      {row.isOwn && (
        <>
          <WhenFields plan={plan} openedAt={openedAt} value={when} onChange={setWhen} />
          {closed.length > 0 && <OutsideWindow closed={closed} isNow={isNow} isChecked={isOutsideWindow} onChange={setOutsideWindow} />}
          <div className="grid items-start gap-3 sm:grid-cols-[2fr_1fr]">
            <Field label="Reason" help="Stored with the run and in the audit log.">
              {(ids) => (
                <input
                  {...ids}
                  className="input"
                  maxLength={reasonMax}
                  value={reason}
                  onChange={(event) => setReason(event.target.value)}
                />
              )}
            </Field>
            <Field label="Ticket">
              {(ids) => (
                <input
                  {...ids}
                  className="input"
                  maxLength={ticketMax}
                  value={ticket}
                  onChange={(event) => setTicket(event.target.value)}
                />
              )}
            </Field>
          </div>
          {plan.phrase !== null && (
            <TypedPhrase
              label={
                <>
                  Type <code className="plan-phrase">{plan.phrase}</code> to confirm
                </>
              }
              error={phrase !== '' && !plan.phrase.startsWith(phrase.trim()) ? 'This is not the phrase.' : undefined}
              value={phrase}
              onChange={setPhrase}
            />
          )}
          <div className="flex flex-wrap items-center gap-3">
            <Button variant="env" disabled={isBusy || missing !== null} onClick={submit}>
              {isBusy ? 'Checking again …' : isNow ? words : `Schedule “${words}”`}
            </Button>
            <span className="text-ink-2" aria-live="polite">
              {missing ??
                `Every target is checked again first. If anything has changed, nothing ${isNow ? 'runs' : 'is scheduled'} and you see the changes.`}
            </span>
          </div>
        </>
      )}
      {refusal && <RefusalNote refusal={refusal} />}
      {!row.isOwn && !plan.needsApproval && (
        <p className="text-ink-2">
          {row.actorName} made this plan for {counted(plan.eligible, ...resource.noun)}. To run it yourself, make a plan of your own.
        </p>
      )}
    </section>
  )
}
