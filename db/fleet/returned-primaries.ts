import { getPool } from '../pg/client'

export interface HerdInDanger {
  id: string
  name: string
  environmentId: string
}

/** Herds with a member that was replaced and whose last look says that it may write: up as a primary, or down without standby.signal. */
export const herdsInDanger = async (): Promise<HerdInDanger[]> => {
  const { rows } = await getPool().query<HerdInDanger>(
    `select distinct i.herd_id as id, h.name, h.environment_id as "environmentId" from instances i join herds h on h.id = i.herd_id
     where i.replaced_at is not null
       and (i.state = 'online' and i.role = 'primary' or i.state in ('stopped', 'crashed') and i.probe->>'hasStandbySignal' = 'false')`,
  )
  return rows
}
