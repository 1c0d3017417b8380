import clsx from 'clsx'
import type { BadgedEnvironment } from '@/lib/shapes/environment'

type Badged = Omit<BadgedEnvironment, 'id'>

const protectionWords = {
  open: 'open: no confirmation beyond the plan',
  confirm: 'protected: disruptive operations need a typed phrase',
  'two-person': 'protected: a second person must approve',
} as const

export const EnvironmentBadge = ({ environment, className }: { environment: Badged; className?: string }) => (
  <span
    className={clsx('env', className)}
    data-env={environment.colour}
    data-protection={environment.protection}
    title={`Environment ${environment.name}, ${protectionWords[environment.protection]}`}
  >
    {environment.name}
  </span>
)

/** From what alarms to what calms. A colour that is not listed counts as calm. */
const colours = ['red', 'amber', 'violet', 'blue', 'green', 'slate']
const protections = ['two-person', 'confirm', 'open'] as const
const rankOf = (colour: string) => (colours.includes(colour) ? colours.indexOf(colour) : colours.length)

/**
 * The one whose colour a page over several environments wears: the most alarming colour, and of equals the best protected. Protection does not decide before
 * the colour does: it adds up over the environments, a colour does not. null: there is none.
 */
export const mostDangerous = <T extends Badged>(environments: readonly T[]): T | null =>
  [...environments].sort(
    (a, b) => rankOf(a.colour) - rankOf(b.colour) || protections.indexOf(a.protection) - protections.indexOf(b.protection),
  )[0] ?? null

/** The band over a page, in the colour of the most dangerous of its environments, with all their names. The same in both themes. */
export const EnvironmentBand = ({ environments }: { environments: readonly Badged[] }) => {
  const worst = mostDangerous(environments)
  if (worst === null) return null
  const protection = protections.find((one) => environments.some((environment) => environment.protection === one)) ?? 'open'
  const isMany = environments.length > 1
  return (
    <div className="env-band" data-env={worst.colour} data-protection={protection} data-many={isMany || undefined}>
      {(protection !== 'open' || isMany) && (
        <>
          <span>{environments.map(({ name }) => name.toUpperCase()).join(', ')}</span>
          <span className="font-normal">{protectionWords[protection]}</span>
        </>
      )}
    </div>
  )
}
