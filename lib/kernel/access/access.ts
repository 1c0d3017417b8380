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
  /** The person behind this login proved who they are too long ago for what `provenActs` lists. */
  isProofStale?: boolean
  /** Where the request came from, for the audit log. */
  from?: string
}

/** The console itself: the observer, the sweep, the scheduler. It never acts on behalf of a request. */
export const systemActor: Actor = { kind: 'system', personId: null, name: 'matriarch', grants: [{ role: 'admin', environmentId: null }] }

export type Allowance = 'all' | 'none' | { environmentIds: readonly string[] }

const administrative = new Set(['person', 'grant', 'token', 'session', 'enrolment-key', 'setting', 'audit', 'audit-checkpoint'])
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

/** What lets others in, or holds them to be somebody. Revoking is none of it: it opens nothing. */
const personal: Readonly<Record<string, readonly string[]>> = {
  person: ['add', 'change', 'delete'],
  grant: ['add', 'change', 'delete'],
  token: ['add', 'change'],
  'enrolment-key': ['add', 'change'],
}

/** Held by a person who is signed in and by no token, whatever its role: what a leaked token makes would outlive it. */
export const isPersonal = (permission: Permission): boolean => {
  if (typeof permission !== 'string') return false
  const [resource = '', act = ''] = permission.split('.')
  return personal[resource]?.includes(act) ?? false
}

export const allowance = (actor: Actor, permission: Permission): Allowance => {
  if (actor.kind === 'token' && isPersonal(permission)) return 'none'
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

/** Whose things are the actor's own; null: nobody's. A token acts for its owner and owns nothing: neither their other tokens nor their sessions. */
export const ownId = (actor: Actor): string | null => (actor.kind === 'person' ? actor.personId : null)

export const isOwn = (actor: Actor, personId: string | null | undefined): boolean => personId != null && ownId(actor) === personId

/** Somewhere, be it in one environment: for menus and for what is asked again with its environment. What belongs to no environment asks `mayIn` with null. */
export const mayAnywhere = (actor: Actor, permission: Permission): boolean => allowance(actor, permission) !== 'none'
