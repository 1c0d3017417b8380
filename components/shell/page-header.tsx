import type { ReactNode } from 'react'
import { EnvironmentBadge, EnvironmentBand, type EnvironmentLook } from '@/components/ui/environment'

export interface Crumb {
  href: string
  label: string
}

/**
 * Band, breadcrumbs, title and acts of a page. `environment` is where the thing on the page lives: it colours the band, the badge and,
 * through `data-env`, every button below with `look="env"`.
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
  environment?: Omit<EnvironmentLook, 'id'> | null
  subtitle?: ReactNode
  actions?: ReactNode
}) => (
  <>
    {environment && <EnvironmentBand environment={environment} />}
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
      {environment && <EnvironmentBadge environment={environment} />}
      {subtitle && <div className="text-ink-2">{subtitle}</div>}
      {actions && <div className="acts">{actions}</div>}
    </div>
  </>
)
