import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { notify } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { writeAudit } from '../trail/audit'

/**
 * Puts a plan before the people who may approve it: it shows on their front page. Only the person who made it asks, and only for a plan that needs it;
 * asking again changes nothing. Throws `record.missing`.
 */
export const askForApproval = (actor: Actor, planId: string): Promise<void> =>
  inPgTransaction(async (client, tx) => {
    if (!uuidPattern.test(planId) || actor.personId === null) throw new Fault('record.missing')
    const { rows } = await client.query<{ title: string; eligible: number; is_new: boolean }>(
      `update plans p set approval_asked_at = coalesce(p.approval_asked_at, clock_timestamp()) from plans was
       where p.id = $1 and was.id = p.id and p.person_id = $2 and p.state = 'ready' and (p.plan->>'needsApproval')::boolean
       returning p.plan->>'title' as title, (p.plan->>'eligible')::int as eligible, was.approval_asked_at is null as is_new`,
      [planId, actor.personId],
    )
    const plan = rows[0]
    if (!plan) throw new Fault('record.missing', { because: 'There is no such plan of yours that waits for an approval.' })
    if (!plan.is_new) return
    await notify(tx, 'plans', planId)
    await writeAudit(tx, actor, {
      act: 'plan.ask-approval',
      resource: 'run',
      title: plan.title,
      detail: { planId, targets: plan.eligible },
    })
  })
