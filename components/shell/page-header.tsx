import type { ReactNode } from 'react'
import { EnvironmentBadge, EnvironmentBand } from '@/components/ui/environment'
import type { BadgedEnvironment } from '@/lib/shapes/environment'

export interface Crumb {
  href: string
  label: string
}

/**
 * Band, breadcrumbs, title and acts of a page. `environment` is where the thing on the page lives; several for a plan or a run over
 * several, of which the most dangerous one gives the colour. It colours the band, the badges and, through `data-env`, every button below with `variant="env"`.
 */
export const PageHeader = ({
  crumbs,
  title,
  environment,
  subtitle,
  actions,
}: {
  crumbs: readonly Crumb[]
  title: ReactNode
  environment?: Omit<BadgedEnvironment, 'id'> | readonly Omit<BadgedEnvironment, 'id'>[] | null
  subtitle?: ReactNode
  actions?: ReactNode
}) => {
  const environments = environment == null ? [] : [environment].flat()
  return (
    <>
      <EnvironmentBand environments={environments} />
      <div className="page-head">
        {crumbs.length > 0 && (
          <nav className="crumbs" aria-label="Breadcrumbs">
            <ol>
              {crumbs.map((crumb) => (
                <li key={crumb.href}>
                  <a href={crumb.href}>{crumb.label}</a>
                </li>
              ))}
            </ol>
          </nav>
        )}
        <h1 className="[overflow-wrap:anywhere]">{title}</h1>
        {environments.map((one) => (
          <EnvironmentBadge key={one.name} environment={one} />
        ))}
        {subtitle && <div className="text-ink-2">{subtitle}</div>}
        {actions && <div className="acts">{actions}</div>}
      </div>
    </>
  )
}
