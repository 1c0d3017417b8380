import { type Grant, type Role, roles } from './access'

/** The lesser of two roles. Each role holds all that the ones before it in `roles` hold. */
const lesser = (a: Role, b: Role): Role => (roles.indexOf(a) <= roles.indexOf(b) ? a : b)

/**
 * What a token holds: its own role in its own environment, and nowhere more than its owner holds at this moment. Empty when the owner lost it all.
 */
export const narrowed = (owner: readonly Grant[], token: Grant): Grant[] =>
  owner
    .filter((grant) => grant.environmentId === null || token.environmentId === null || grant.environmentId === token.environmentId)
    .map((grant) => ({ role: lesser(grant.role, token.role), environmentId: token.environmentId ?? grant.environmentId }))
