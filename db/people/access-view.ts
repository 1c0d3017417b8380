import { iso } from '@/lib/domain/values/iso'
import { type Actor, isOwn, mayIn } from '@/lib/kernel/access/access'
import type { SourcedGrant } from '@/lib/kernel/access/access-matrix'
import { Fault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { databaseFault, getPool } from '../pg/client'
import type { PersonSource } from '../schema'

export interface PersonAccess {
  id: string
  userName: string
  fullName: string
  source: PersonSource
  isDisabled: boolean
  /** The directory no longer vouches for the account. */
  isAbsent: boolean
  /** As the directory last gave them, lower case; empty for local people. */
  groups: string[]
  grants: SourcedGrant[]
  tokens: {
    id: string
    name: string
    prefix: string
    role: string
    environmentId: string | null
    expiresAt: string | null
    lastUsedAt: string | null
  }[]
}

/** Grants and live tokens of a person: your own, or anybody's for an administrator of every environment. Throws `record.missing`. */
export const personAccess = async (actor: Actor, personId: string): Promise<PersonAccess> => {
  const mayLook = isOwn(actor, personId) || mayIn(actor, 'person.view', null)
  if (!mayLook || !uuidPattern.test(personId)) throw new Fault('record.missing')
  const pool = getPool()
  try {
    const [people, grants, tokens] = await Promise.all([
      pool.query(
        'select id, user_name as "userName", full_name as "fullName", source, is_disabled as "isDisabled", absent_at is not null as "isAbsent", groups from people where id = $1',
        [personId],
      ),
      pool.query(
        `select g.id, g.role, g.environment_id as "environmentId", case when g.person_id is null then g.group_name end as "groupName"
         from people p join grants g on g.person_id = p.id or (p.source <> 'local' and lower(g.group_name) = any(p.groups))
         where p.id = $1 order by g.created_at`,
        [personId],
      ),
      pool.query(
        `select id, name, prefix, role, environment_id as "environmentId", expires_at as "expiresAt", last_used_at as "lastUsedAt"
         from tokens where person_id = $1 and revoked_at is null and (expires_at is null or expires_at > now()) order by created_at desc`,
        [personId],
      ),
    ])
    if (!people.rows[0]) throw new Fault('record.missing')
    return {
      ...people.rows[0],
      grants: grants.rows,
      tokens: tokens.rows.map((token) => ({ ...token, expiresAt: iso(token.expiresAt), lastUsedAt: iso(token.lastUsedAt) })),
    }
  } catch (error) {
    throw databaseFault(error)
  }
}
