import { Appointments } from '@/components/resource/appointments'
import { type HerdAppointment, herdAppointments } from '@/db/runs/scheduled'
import type { Actor } from '@/lib/kernel/access/access'
import { mayRun } from '@/lib/operations/may-run'
import { cancelScheduled } from '../../../actions'

type Owned = Pick<HerdAppointment, 'personId' | 'operation' | 'resource' | 'environmentIds'>

export const mayRunAll = (actor: Actor, { operation, environmentIds }: Owned): boolean =>
  environmentIds.every((id) => mayRun(actor, operation, id))

/** Why this person may not cancel it; null: they ordered it, or may run it themselves. */
export const mayNotCancel = (actor: Actor, owned: Owned): string | null =>
  (owned.personId !== null && owned.personId === actor.personId) || mayRunAll(actor, owned)
    ? null
    : `You do not have the permission ${owned.resource}.run.${owned.operation} in every environment it touches.`

/** What is scheduled on a herd. For a page that has already shown that the herd may be seen. */
export const HerdAppointments = async ({ actor, herdId }: { actor: Actor; herdId: string }) => {
  const appointments = await herdAppointments(actor, herdId)
  return <Appointments appointments={appointments.map((one) => ({ ...one, mayNot: mayNotCancel(actor, one) }))} cancel={cancelScheduled} />
}
