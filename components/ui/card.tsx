import clsx from 'clsx'
import { type ReactNode, useId } from 'react'

/** A titled part of a page. Without `body` padding when it holds a table. */
export const Card = ({
  title,
  actions,
  children,
  isFlush = false,
  className,
}: {
  title: ReactNode
  actions?: ReactNode
  children: ReactNode
  isFlush?: boolean
  className?: string
}) => {
  const id = useId()
  return (
    <section className={clsx('card min-w-0', className)} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {actions && <div className="ml-auto flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {isFlush ? children : <div className="body">{children}</div>}
    </section>
  )
}
