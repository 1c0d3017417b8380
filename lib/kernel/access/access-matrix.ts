import { type Permission, type Role, type RunPermission, roleHolds, roles } from './access'

/** A grant with where it comes from, for the page that explains it. */
export interface SourcedGrant {
  id: string
  role: Role
  /** null: every environment. */
  environmentId: string | null
  /** The group it is given through; null: to the person. */
  groupName: string | null
}

export interface PermissionRow {
  permission: Permission
  /** What it lets a person do, in words. */
  label: string
}

export interface PermissionGroup {
  title: string
  rows: PermissionRow[]
}

export interface AccessCell {
  /** Held at all; `by` names the grant that gives it, the strongest role first. */
  held: boolean
  by: SourcedGrant[]
}

const strength = (grant: SourcedGrant) => roles.indexOf(grant.role)

/** Whether a permission is held in an environment, and by which grants. `environmentId` null: for things that belong to no environment. */
export const accessCell = (grants: readonly SourcedGrant[], permission: Permission, environmentId: string | null): AccessCell => {
  const by = grants
    .filter((grant) => (grant.environmentId === null || grant.environmentId === environmentId) && roleHolds(grant.role, permission))
    .sort((a, b) => strength(b) - strength(a))
  return { held: by.length > 0, by }
}

interface Permitted {
  name: string
  noun: readonly [string, string]
  canAdd: boolean
  canDelete: boolean
  isEditable: boolean
}

interface Operable {
  on: string
  title: string
  /** Every permission the operation can ask for. */
  permissions: readonly RunPermission[]
}

/** What is no declared operation and still has a permission of its own. */
export const lockPermission: RunPermission = { name: 'herd.run.lock', role: 'dba' }
const besides: Readonly<Record<string, readonly PermissionRow[]>> = {
  herd: [{ permission: lockPermission, label: 'Lock around outside work' }],
}

/** Every permission there is, derived from the declarations, so that a new resource or operation shows here by itself. */
export const permissionGroups = (resources: readonly Permitted[], operations: readonly Operable[]): PermissionGroup[] =>
  resources.map((resource) => {
    const rows: PermissionRow[] = [{ permission: `${resource.name}.view`, label: `See ${resource.noun[1]}` }]
    if (resource.canAdd) rows.push({ permission: `${resource.name}.add`, label: 'Add' })
    if (resource.isEditable) rows.push({ permission: `${resource.name}.change`, label: 'Change' })
    if (resource.canDelete) rows.push({ permission: `${resource.name}.delete`, label: 'Delete' })
    for (const operation of operations.filter((one) => one.on === resource.name))
      for (const permission of operation.permissions)
        rows.push({
          permission,
          label: labelOf(operation.title, permission),
        })
    rows.push(...(besides[resource.name] ?? []))
    return { title: resource.noun[1], rows }
  })

const labelOf = (title: string, { name }: RunPermission): string => {
  if (name.endsWith('.write')) return `${title}, writing`
  return name.endsWith('.results') ? `${title}: rows it answered with` : title
}
