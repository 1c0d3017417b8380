import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { type InputChoice, type InputPick, inputPicks } from '@/lib/kernel/operation/input-pick'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { getPool } from '../pg/client'
import { candidateChoices } from './candidates'

const choicesMax = 500

const statements: Record<Exclude<InputPick, 'candidate'>, string> = {
  'herd-member': `select i.title as value, i.id::text as id, i.environment_id as "environmentId",
      i.title || ' (' || case when i.state = 'online' then i.role else i.state end || ')' as title
    from instances i
    where i.herd_id in (select t.herd_id from instances t where t.id = any($1::uuid[]))
      and (cardinality($1::uuid[]) > 1 or i.id <> all($1::uuid[]))
    order by i.title limit ${choicesMax}`,
  'idle-slot': `select distinct on (s->>'name') s->>'name' as value, s->>'name' as id, i.environment_id as "environmentId",
      (s->>'name') || ' (' || coalesce(pg_size_pretty((s->>'retainedBytes')::numeric) || ' retained', 'retains no WAL') || ')' as title
    from instances i
    cross join lateral jsonb_array_elements(case when jsonb_typeof(i.probe->'slots') = 'array' then i.probe->'slots' else '[]' end) s
    where i.id = any($1::uuid[]) and s->>'isActive' = 'false'
    order by s->>'name' limit ${choicesMax}`,
  herd: `select h.name as value, h.id::text as id, h.environment_id as "environmentId",
      h.name || ' (' || e.name || ', ' || case count(i.id) when 0 then 'no member' when 1 then '1 member' else count(i.id) || ' members' end || ')' as title
    from herds h join environments e on e.id = h.environment_id left join instances i on i.herd_id = h.id
    where h.environment_id in (select s.environment_id from servers s where s.id = any($1::uuid[]))
    group by h.id, e.name order by h.name limit ${choicesMax}`,
}

/** What an input may be, as last observed, for these targets; only of environments that the actor may look into. Throws `input.invalid`. */
export const inputChoices = async (actor: Actor, pick: string, targetIds: readonly string[]): Promise<InputChoice[]> => {
  const known = inputPicks.find((one) => one === pick)
  if (known === undefined) throw new Fault('input.invalid', { because: `“${pick}” is not a list of choices.` })
  const ids = targetIds.filter((id) => uuidPattern.test(id))
  if (known === 'candidate') return candidateChoices(actor, ids)
  const { rows } = await getPool().query<InputChoice & { environmentId: string }>(statements[known], [ids])
  return rows
    .filter(({ environmentId }) => mayIn(actor, known === 'herd' ? 'herd.view' : 'instance.view', environmentId))
    .map(({ value, id, title }) => ({ value, id, title }))
}
