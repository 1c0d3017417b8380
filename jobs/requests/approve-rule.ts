import { notify } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { noteRuleApproval } from '@/db/rules/approved'
import { findRule } from '@/db/rules/find'
import { writeAudit } from '@/db/trail/audit'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { resize } from '@/lib/operations/resize'

/**
 * Approval of a rule by a second person, as of the revision that was read: its runs need no other where the environment asks for one. A change of the rule ends
 * it. Throws `access.denied` for a token and for who may not resize there, `plan.approval` for who saved it, `plan.moved` when it is another revision by now,
 * `auth.proof`, `record.missing`, `database.down`.
 */
export const approveRule = async (actor: Actor, ruleId: string, revision: number): Promise<void> => {
  const rule = await findRule(actor, ruleId)
  const { personId } = actor
  if (actor.kind !== 'person' || personId === null)
    throw new Fault('access.denied', {
      because: 'Only a person who is signed in approves a rule, never an API token. Open its page and sign in.',
    })
  const permission = runPermission(resize)
  if (!mayIn(actor, permission, rule.environmentId))
    throw new Fault('access.denied', { because: `You do not have the permission ${permission.name} here.` })
  if (personId === rule.personId)
    throw new Fault('plan.approval', { because: 'The approver must be somebody other than the person who saved the rule.' })
  await inPgTransaction(async (client, tx) => {
    const isNoted = await noteRuleApproval(client, { id: ruleId, revision }, { personId, name: actor.name })
    if (!isNoted) throw new Fault('plan.moved', { because: 'The rule was changed since you read it. Review it again.' })
    await notify(tx, 'records', 'sizing-rule')
    await writeAudit(tx, actor, {
      act: 'sizing-rule.approve',
      resource: 'sizing-rule',
      objectId: ruleId,
      title: rule.name,
      environmentId: rule.environmentId,
      detail: { revision },
    })
  })
}
