import clsx from 'clsx'
import type { ReactNode } from 'react'

/** What a page needs to show where something lives. */
export interface EnvironmentLook {
  id: string
  name: string
  colour: string
  protection: 'open' | 'confirm' | 'two-person'
}

type Look = Pick<EnvironmentLook, 'name' | 'colour' | 'protection'>

const protectionWords = {
  open: 'open: nothing is asked beyond the plan',
  confirm: 'protected: irreversible work asks for a typed phrase',
  'two-person': 'protected: a second person approves',
} as const

export const EnvironmentBadge = ({ environment, className }: { environment: Look; className?: string }) => (
  <span
    className={clsx('env', className)}
    data-env={environment.colour}
    data-protection={environment.protection}
    title={`Environment ${environment.name}, ${protectionWords[environment.protection]}`}
  >
    {environment.name}
  </span>
)

/** The band over a page that belongs to one environment. Its colour is the same in both themes. */
export const EnvironmentBand = ({ environment, children }: { environment: Look; children?: ReactNode }) => (
  <div className="env-band" data-env={environment.colour} data-protection={environment.protection}>
    {environment.protection !== 'open' && (
      <>
        <span>{environment.name.toUpperCase()}</span>
        <span className="font-normal">{protectionWords[environment.protection]}</span>
      </>
    )}
    {children}
  </div>
)
