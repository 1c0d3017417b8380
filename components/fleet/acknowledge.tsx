'use client'

import { type FormEvent, useState, useTransition } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { Age, Moment } from '@/components/ui/zone'
import type { SetAside } from '@/lib/domain/problems/acknowledged'
import type { ShownItem, ShownProblem } from '@/lib/presentation/problems/shown'
import type { Outcome } from '@/lib/shapes/outcome'

export interface AcknowledgedItem {
  kind: string
  key: string
  label: string
  environmentId: string | null
}

export interface AcknowledgeActions {
  acknowledge: (wanted: AcknowledgedItem & { note: string; hours: number }) => Promise<Outcome<null>>
  showAgain: (item: AcknowledgedItem) => Promise<Outcome<null>>
}

const spans = [
  { hours: 1, label: '1 hour' },
  { hours: 8, label: '8 hours' },
  { hours: 72, label: '3 days' },
]

const noAnswer = 'The console did not answer. Nothing was changed.'

/** The question beside one problem: who looks after it, with what, until when. */
export const AcknowledgeDialog = ({
  problem,
  item,
  onClose,
  acknowledge,
}: {
  problem: ShownProblem
  item: ShownItem
  onClose: () => void
  acknowledge: AcknowledgeActions['acknowledge']
}) => {
  const [note, setNote] = useState('')
  const [hours, setHours] = useState(8)
  const [refusal, setRefusal] = useState<string | null>(null)
  const [isBusy, start] = useTransition()
  const send = (event: FormEvent) => {
    event.preventDefault()
    start(async () => {
      const { key, label, environmentId } = item
      const outcome = await acknowledge({ kind: problem.kind, key, label, environmentId, note, hours }).catch(() => null)
      if (outcome?.ok) onClose()
      else setRefusal(outcome ? (outcome.fields[0]?.message ?? outcome.message) : noAnswer)
    })
  }
  return (
    <Dialog isOpen onClose={onClose} title={`Acknowledge: ${item.label}`} description={problem.title}>
      <form className="grid gap-3 p-4" onSubmit={send}>
        <p className="text-ink-2">
          Hidden for everybody until it expires. A new or worse problem of the same object is still shown at once.
        </p>
        {refusal && <Note tone="bad" isAlert title={refusal} />}
        <Field label="What is being done" isRequired>
          {(ids) => <input {...ids} className="input" maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />}
        </Field>
        <fieldset className="field">
          <legend className="label">For</legend>
          <div className="flex flex-wrap gap-x-4 gap-y-1">
            {spans.map((span) => (
              <label key={span.hours} className="inline-flex items-center gap-1.5">
                <input type="radio" name="hours" checked={hours === span.hours} onChange={() => setHours(span.hours)} />
                {span.label}
              </label>
            ))}
          </div>
        </fieldset>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" disabled={isBusy || note.trim() === ''}>
            {isBusy ? 'Acknowledging …' : 'Acknowledge'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** What others, or oneself, look after already; folded, because it needs nobody now. */
export const Aside = ({
  aside,
  mayIn,
  showAgain,
}: {
  aside: readonly SetAside<ShownProblem>[]
  mayIn: (environmentId: string | null) => boolean
  showAgain: AcknowledgeActions['showAgain']
}) => {
  const [refusal, setRefusal] = useState<string | null>(null)
  const [isBusy, start] = useTransition()
  if (aside.length === 0) return null
  const back = ({ kind, item: { key, label, environmentId } }: SetAside<ShownProblem>) =>
    start(async () => {
      const outcome = await showAgain({ kind, key, label, environmentId }).catch(() => null)
      setRefusal(outcome ? (outcome.ok ? null : outcome.message) : noAnswer)
    })
  return (
    <details className="fleet-aside">
      <summary>{aside.length} acknowledged</summary>
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      <ul className="fleet-items">
        {aside.map((one) => (
          <li key={`${one.kind} ${one.item.key}`}>
            <State tone="neutral">{one.item.label}</State>
            <span className="text-ink-2">{one.item.detail}</span>
            <span>
              {one.acknowledgement.by}, <Age at={one.acknowledgement.at} />: {one.acknowledgement.note}
            </span>
            <span className="ml-auto text-ink-2">
              until <Moment at={one.acknowledgement.until} />
            </span>
            {mayIn(one.item.environmentId) && (
              <Button isSmall variant="quiet" disabled={isBusy} aria-label={`Show again: ${one.item.label}`} onClick={() => back(one)}>
                Show again
              </Button>
            )}
          </li>
        ))}
      </ul>
    </details>
  )
}
