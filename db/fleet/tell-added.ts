import { Fault } from '@/lib/kernel/ground/errors'
import { databaseError } from '../pg/client'

/** Of each kind: the part of the statement that holds its rows, and how they are told. */
const added = {
  server: `select 'server' as resource, id, hostname as title, environment_id, jsonb_build_object('address', jsonb_build_array(null, address)) as fields from fresh`,
  herd: `select 'herd' as resource, id, name as title, environment_id, jsonb_build_object('systemIdentifier', jsonb_build_array(null, system_identifier)) as fields from made`,
  instance: `select 'instance' as resource, id, title, environment_id,
      jsonb_build_object('herdId', jsonb_build_array(null, herd_id), 'serverId', jsonb_build_array(null, server_id)) as fields from joined`,
}

/**
 * Further parts of a statement whose `fresh`, `made` and `joined` hold the servers, herds and members that it added, and whose $4 is the job that asked:
 * `new` names them, and `told` writes the history of each under the name of whoever submitted that job's run.
 */
export const tellAdded = (
  ...kinds: readonly (keyof typeof added)[]
): string => `asked as (select r.person_id, r.actor_name from jobs j join runs r on r.id = j.run_id where j.id::text = $4),
  new as (
    ${kinds.map((kind) => added[kind]).join('\n    union all ')}),
  told as (
    insert into changes (person_id, actor_name, resource, object_id, title, act, environment_id, fields)
    select (select person_id from asked), coalesce((select actor_name from asked), 'matriarch'), resource, id, title, 'add', environment_id, fields from new)`

/** A name or address that somebody else took meanwhile, in words; anything else as it is. */
export const sayTaken = (error: unknown): unknown =>
  databaseError(error)?.code === '23505'
    ? new Fault(
        'record.duplicate',
        { because: 'A herd of that name, or a server of that name or address, was registered meanwhile.', isOver: true },
        { cause: error },
      )
    : error
