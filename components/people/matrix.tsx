import './people.css'
import Link from 'next/link'
import { EnvironmentBadge } from '@/components/ui/environment'
import { State } from '@/components/ui/state'
import { type Permission, permissionName } from '@/lib/kernel/access/access'
import { accessCell, type PermissionGroup, type SourcedGrant } from '@/lib/kernel/access/access-matrix'
import type { BadgedEnvironment } from '@/lib/shapes/environment'

const grantWords = (grant: SourcedGrant): string =>
  `${grant.role}${grant.environmentId === null ? ' everywhere' : ''}${grant.groupName === null ? '' : ` through the group ${grant.groupName}`}`

const Cell = ({
  grants,
  permission,
  environmentId,
}: {
  grants: readonly SourcedGrant[]
  permission: Permission
  environmentId: string | null
}) => {
  const { held, by } = accessCell(grants, permission, environmentId)
  const best = by[0]
  return (
    <td>
      {held && best ? (
        <Link href={`/grants/${best.id}`} prefetch={false} className="access-yes" title={by.map(grantWords).join('\n')}>
          <State tone="good">{best.role}</State>
        </Link>
      ) : (
        <span className="text-ink-3">no</span>
      )}
    </td>
  )
}

/** Permissions × environments. A cell names the role that gives it and links to the grant; hovering shows every grant that would. */
export const AccessMatrix = ({
  grants,
  groups,
  environments,
}: {
  grants: readonly SourcedGrant[]
  groups: readonly PermissionGroup[]
  environments: readonly BadgedEnvironment[]
}) => (
  <section
    className="access-scroll"
    aria-label="Permissions by environment"
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
    tabIndex={0}
  >
    <table className="access">
      <thead>
        <tr>
          <th scope="col">Permission</th>
          {environments.map((environment) => (
            <th key={environment.id} scope="col">
              <EnvironmentBadge environment={environment} />
            </th>
          ))}
          <th scope="col">Outside any environment</th>
        </tr>
      </thead>
      {groups.map((group) => (
        <tbody key={group.title}>
          <tr>
            <th scope="rowgroup" colSpan={environments.length + 2} className="access-group">
              {group.title}
            </th>
          </tr>
          {group.rows.map((row) => (
            <tr key={permissionName(row.permission)}>
              <th scope="row" title={permissionName(row.permission)}>
                {row.label}
              </th>
              {environments.map((environment) => (
                <Cell key={environment.id} grants={grants} permission={row.permission} environmentId={environment.id} />
              ))}
              <Cell grants={grants} permission={row.permission} environmentId={null} />
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  </section>
)
