import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { notify } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { writeAudit } from '../trail/audit'
import { findRule } from './find'

/**
 * Has a worker decide a rule now, in the name of who asks: its conditions and all checks count, its schedules and calendars do not. Answers the id of the
 * decision. Throws `record.missing`, `access.denied`, `database.down`.
 */
export const decideByHand = async (actor: Actor, ruleId: string): Promise<{ id: string }> => {
  const rule = await findRule(actor, ruleId)
  const { environmentId, herdId, name, revision } = rule
  if (!mayIn(actor, 'sizing-rule.change', environmentId))
    throw new Fault('access.denied', { because: 'You do not have the permission sizing-rule.change here.' })
  return inPgTransaction(async (client, tx) => {
    const { rows } = await client.query<{ id: string }>(
      `insert into sizing_decisions (rule_id, herd_id, environment_id, title, kind, occurrence, rule_revision, person_id, token_id, actor_name, claimed_until)
        values ($1, $2, $3, $4, 'manual', clock_timestamp(), $5, $6, $7, $8, clock_timestamp()) returning id`,
      [rule.id, herdId, environmentId, name, revision, actor.personId, actor.tokenId ?? null, actor.name],
    )
    const { id } = rows[0]!
    await notify(tx, 'records', 'sizing-decision')
    await writeAudit(tx, actor, {
      act: 'sizing-rule.run',
      resource: 'sizing-rule',
      objectId: rule.id,
      title: name,
      environmentId,
      detail: { decisionId: id },
    })
    return { id }
  })
}
