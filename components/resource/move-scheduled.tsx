'use client'

import { useRouter } from 'next/navigation'
import { type FormEvent, useState, useTransition } from 'react'
import { appointedText, chosenMoment, OutsideWindow, type When, WhenFields } from '@/components/operation/when'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import { formatMoment } from '@/components/ui/time'
import { useZone } from '@/components/ui/zone'
import { closedAt } from '@/lib/domain/values/maintenance-window'
import type { Plan } from '@/lib/kernel/operation/plan'
import type { Outcome } from '@/lib/shapes/outcome'
import { reasonMax, type ScheduledMove } from '@/lib/shapes/plan'

export type MoveAction = (id: string, move: ScheduledMove) => Promise<Outcome<{ at: string }>>

/** To which time a scheduled run is moved. The time it waits for is what the field begins with. */
export const MoveScheduled = ({
  scheduled: { id, at, revision, plan },
  move,
  onDone,
}: {
  scheduled: {
    id: string
    /** ISO time. */
    at: string
    revision: number
    /** With the maintenance windows as they are now. */
    plan: Pick<Plan, 'environments' | 'isDisruptive'>
  }
  move: MoveAction
  onDone: () => void
}) => {
  const router = useRouter()
  const zone = useZone()
  const [openedAt] = useState(() => new Date())
  const [when, setWhen] = useState<When>({ kind: 'at', local: formatMoment(at, zone).slice(0, 16).replace(' ', 'T') })
  const [isOutsideWindow, setOutsideWindow] = useState(false)
  const [reason, setReason] = useState('')
  const [refusal, setRefusal] = useState<string | null>(null)
  const [isBusy, start] = useTransition()
  const moment = chosenMoment(when, zone, plan, openedAt)
  const closed = plan.isDisruptive && typeof moment !== 'string' ? closedAt(plan.environments, moment) : []
  const missing =
    typeof moment === 'string'
      ? moment
      : Math.floor(moment.getTime() / 60_000) === Math.floor(Date.parse(at) / 60_000)
        ? 'It is already scheduled for this time.'
        : closed.length > 0 && !isOutsideWindow
          ? 'No maintenance window is open then.'
          : closed.length > 0 && reason.trim() === ''
            ? 'Give the reason for running it outside the window.'
            : null
  const send = (event: FormEvent) => {
    event.preventDefault()
    start(async () => {
      const wanted = when.kind === 'window' ? 'window' : appointedText(when.local, zone)
      const outcome = await move(id, { at: wanted, revision, isOutsideWindow: closed.length > 0, reason }).catch(() => null)
      router.refresh()
      if (outcome?.ok) onDone()
      else setRefusal(outcome === null ? 'The console did not answer.' : (outcome.fields[0]?.message ?? outcome.message))
    })
  }
  return (
    <form className="grid gap-3 pt-2" aria-label="Move" noValidate onSubmit={send}>
      <WhenFields plan={plan} isMove openedAt={openedAt} value={when} onChange={setWhen} />
      {closed.length > 0 && (
        <>
          <OutsideWindow closed={closed} isNow={false} isChecked={isOutsideWindow} onChange={setOutsideWindow} />
          <Field label="Reason" help="Replaces the reason given before, and is kept in the audit log.">
            {(ids) => (
              <input {...ids} className="input" maxLength={reasonMax} value={reason} onChange={(event) => setReason(event.target.value)} />
            )}
          </Field>
        </>
      )}
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      <div className="flex flex-wrap items-center gap-3">
        <Button variant="primary" type="submit" disabled={isBusy || missing !== null}>
          {isBusy ? 'Moving …' : 'Move it'}
        </Button>
        <Button onClick={onDone}>Keep the time</Button>
        <span className="text-ink-2" aria-live="polite">
          {missing ?? 'The plan that was read is kept, and is made again at the new time.'}
        </span>
      </div>
    </form>
  )
}
