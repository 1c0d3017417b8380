import type { Actor, Grant, Role } from '@/lib/kernel/access/access'
import { narrowed } from '@/lib/kernel/access/narrow'
import { databaseFault, getPool } from '../pg/client'

interface Row {
  user_name: string
  grants: Grant[]
  token_name: string | null
  token_role: Role | null
  token_environment_id: string | null
}

/** A directory person's groups are those the directory gave when last asked. */
const find = {
  name: 'actor-of-person',
  text: `select p.user_name, t.name as token_name, t.role as token_role, t.environment_id as token_environment_id,
      coalesce((select json_agg(json_build_object('role', g.role, 'environmentId', g.environment_id)) from grants g
        where g.person_id = p.id or (p.source <> 'local' and lower(g.group_name) = any(p.groups))), '[]') as grants
    from people p left join tokens t on t.id = $2 and t.person_id = p.id and t.revoked_at is null
    where p.id = $1 and not p.is_disabled and p.absent_at is null and ($2::uuid is null or t.id is not null)`,
}

/** As `absentActor`, by the user name; null also where nobody is called so. */
export const absentActorCalled = async (userName: string): Promise<Actor | null> => {
  try {
    const { rows } = await getPool().query<{ id: string }>('select id from people where lower(user_name) = lower($1)', [userName])
    return rows[0] ? await absentActor(rows[0].id, null) : null
  } catch (error) {
    throw databaseFault(error)
  }
}

/**
 * Somebody who is not here, with the grants they hold at this moment: for work that they ordered earlier. A token counts until it is revoked; that its time
 * ran out after the order takes nothing back. null: the person is disabled, or gone from here or from the directory, or the token was revoked.
 */
export const absentActor = async (personId: string, tokenId: string | null): Promise<Actor | null> => {
  try {
    const { rows } = await getPool().query<Row>({ ...find, values: [personId, tokenId] })
    const row = rows[0]
    if (!row) return null
    if (tokenId === null) return { kind: 'person', personId, name: row.user_name, grants: row.grants }
    const scope = { role: row.token_role!, environmentId: row.token_environment_id }
    return {
      kind: 'token',
      personId,
      tokenId,
      name: `${row.user_name} (token ${row.token_name})`,
      grants: narrowed(row.grants, scope),
    }
  } catch (error) {
    throw databaseFault(error)
  }
}
