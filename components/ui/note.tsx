import clsx from 'clsx'
import type { ReactNode } from 'react'
import type { Tone } from '@/lib/kernel/resource/field'

/** A framed message in the page. `isAlert` announces it when it appears (errors after an act). */
export const Note = ({
  tone = 'info',
  title,
  isAlert = false,
  children,
  actions,
  className,
}: {
  tone?: Tone
  title?: ReactNode
  isAlert?: boolean
  children?: ReactNode
  actions?: ReactNode
  className?: string
}) => (
  <div className={clsx('note', tone, className)} role={isAlert ? 'alert' : undefined}>
    <span className="shape" aria-hidden="true" />
    <div className="min-w-0 flex-[1_1_14rem]">
      {title && <p className="font-semibold">{title}</p>}
      {children && <div className="max-w-[80ch] [overflow-wrap:anywhere]">{children}</div>}
    </div>
    {actions && <div className="dismiss flex flex-wrap items-start gap-2">{actions}</div>}
  </div>
)

/** What stands where nothing is: says why, and what to do next. */
export const EmptyState = ({ title, children, actions }: { title: ReactNode; children?: ReactNode; actions?: ReactNode }) => (
  <div className="flex flex-col items-center gap-2 px-4 py-12 text-center">
    <p className="text-base font-semibold">{title}</p>
    {children && <div className="max-w-[60ch] text-ink-2">{children}</div>}
    {actions && <div className="mt-2 flex flex-wrap justify-center gap-2">{actions}</div>}
  </div>
)
