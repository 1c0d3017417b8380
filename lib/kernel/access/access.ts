/**
 * Who may do what. A role is a set of permissions; a grant gives a role in one environment or in all of them;
 * `allowance` turns a person's grants and a permission into *all*, *none* or a condition that the query layer ANDs into every statement.
 */
export const roles = ['viewer', 'operator', 'dba', 'admin'] as const
export type Role = (typeof roles)[number]

/** What may be done with records and the console: `herd.view`, `herd.change`, `audit.view`. */
export type RecordPermission = `${string}.${'view' | 'add' | 'change' | 'delete' | 'acknowledge' | 'outside-window'}`

/** To run something: `instance.run.restart`, and the least role that holds it, as the operation declares it. */
export interface RunPermission {
  name: string
  role: Role
}

export type Permission = RecordPermission | RunPermission

export const permissionName = (permission: Permission): string => (typeof permission === 'string' ? permission : permission.name)

export interface Grant {
  role: Role
  /** null: every environment, those to come included. */
  environmentId: string | null
}

export interface Actor {
  kind: 'person' | 'token' | 'system'
  /** null for the system itself. */
  personId: string | null
  tokenId?: string
  /** The login behind a person's request. */
  sessionId?: string
  name: string
  grants: readonly Grant[]
  /** Where the request came from, for the audit log. */
  from?: string
}

/** The console itself: the observer, the sweep, the scheduler. It never acts on behalf of a request. */
export const systemActor: Actor = { kind: 'system', personId: null, name: 'matriarch', grants: [{ role: 'admin', environmentId: null }] }

export type Allowance = 'all' | 'none' | { environmentIds: readonly string[] }

const administrative = new Set(['person', 'grant', 'token', 'session', 'enrolment-key', 'setting', 'audit'])
const territory = new Set(['environment'])

/** The rule of each role, written over the permission's parts so that new resources fall into place; what may be run says its least role itself. */
export const roleHolds = (role: Role, permission: Permission): boolean => {
  if (role === 'admin') return true
  if (typeof permission !== 'string') return roles.indexOf(role) >= roles.indexOf(permission.role)
  const [resource = '', act = ''] = permission.split('.')
  if (act === 'view') return !administrative.has(resource)
  if (administrative.has(resource)) return false
  if (role === 'viewer') return false
  // Operators of a part of the fleet may acknowledge a problem in it.
  if (resource === 'fleet') return true
  return role === 'dba' && !territory.has(resource)
}

export const allowance = (actor: Actor, permission: Permission): Allowance => {
  const holding = actor.grants.filter((grant) => roleHolds(grant.role, permission))
  if (holding.some((grant) => grant.environmentId === null)) return 'all'
  const environmentIds = [...new Set(holding.map((grant) => grant.environmentId!))]
  return environmentIds.length > 0 ? { environmentIds } : 'none'
}

export const mayIn = (actor: Actor, permission: Permission, environmentId: string | null): boolean => {
  const allowed = allowance(actor, permission)
  if (allowed === 'all') return true
  if (allowed === 'none' || environmentId === null) return false
  return allowed.environmentIds.includes(environmentId)
}

export const mayAnywhere = (actor: Actor, permission: Permission): boolean => allowance(actor, permission) !== 'none'
