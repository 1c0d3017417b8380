import { type Actor, mayIn, type Permission, permissionName } from '@/lib/kernel/access/access'

/** Why this person may not do it, as a sentence; null: they may. */
export const mayNot = (actor: Actor, permission: Permission, environmentId: string | null): string | null =>
  mayIn(actor, permission, environmentId) ? null : `You do not have the permission ${permissionName(permission)} here.`
