'use client'

import { Play } from 'lucide-react'
import Link from 'next/link'
import { useId } from 'react'
import type { Danger } from '@/lib/kernel/operation/plan'

export interface OfferedAct {
  name: string
  verb: string
  title: string
  danger: Danger
  href: string
  /** Why it cannot be done now; null: it can. */
  because: string | null
  /** What to know before; the act is offered all the same. */
  warning: string | null
}

const labels: Record<Danger, string> = {
  routine: 'Routine',
  disruptive: 'Disconnects clients',
  destructive: 'Costs data or redundancy',
}
const order: readonly Danger[] = ['routine', 'disruptive', 'destructive']

/** Every act the object knows. What cannot be done now stays where it is, with the reason; destructive acts stand apart. */
export const Acts = ({ acts }: { acts: readonly OfferedAct[] }) => (
  <>
    {order
      .filter((danger) => acts.some((act) => act.danger === danger))
      .map((danger, index) => (
        <div key={danger} className={index > 0 ? 'mt-2 border-t border-line pt-2' : undefined}>
          <p className="menu-label !px-0">{labels[danger]}</p>
          <ul className="grid gap-1">
            {acts
              .filter((act) => act.danger === danger)
              .map((act) => (
                <li key={act.name}>
                  <Act act={act} />
                </li>
              ))}
          </ul>
        </div>
      ))}
  </>
)

const Act = ({ act }: { act: OfferedAct }) => {
  const id = useId()
  const note = act.because ?? act.warning
  const look = `btn w-full !justify-start !whitespace-normal text-left ${act.danger === 'destructive' && !act.because ? '!text-bad' : ''}`
  return (
    <>
      {act.because ? (
        <button type="button" className={look} aria-disabled="true" aria-describedby={id}>
          <Play aria-hidden="true" />
          {act.verb}
        </button>
      ) : (
        <Link href={act.href} prefetch={false} className={look} title={act.title} aria-describedby={note ? id : undefined}>
          <Play aria-hidden="true" />
          {act.verb}…
        </Link>
      )}
      {note && (
        <p id={id} className="mt-0.5 text-[0.8125rem] text-ink-2">
          {note}
        </p>
      )}
    </>
  )
}
