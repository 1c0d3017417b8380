import { Appointments, CancelScheduled } from '@/components/resource/appointments'
import { getScheduled, type HerdAppointment, herdAppointments } from '@/db/scheduled'
import { type Actor, mayIn } from '@/lib/kernel/access'
import { cancelScheduled } from './actions'

type Owned = Pick<HerdAppointment, 'personId' | 'operation' | 'resource' | 'environmentIds'>

/** Why this person may not cancel it; null: they ordered it, or may run it themselves. */
const mayNot = (actor: Actor, { personId, operation, resource, environmentIds }: Owned): string | null =>
  (personId !== null && personId === actor.personId) || environmentIds.every((id) => mayIn(actor, `${resource}.run.${operation}`, id))
    ? null
    : `You do not have the permission ${resource}.run.${operation} in every environment it touches.`

/** What is put off on a herd. For a page that has already shown that the herd may be seen. */
export const HerdAppointments = async ({ actor, herdId }: { actor: Actor; herdId: string }) => {
  const appointments = await herdAppointments(actor, herdId)
  return <Appointments appointments={appointments.map((one) => ({ ...one, mayNot: mayNot(actor, one) }))} cancel={cancelScheduled} />
}

export const CancelAppointment = async ({ actor, id }: { actor: Actor; id: string }) => {
  const row = await getScheduled(actor, id)
  return <CancelScheduled id={id} state={row.state} because={mayNot(actor, row)} cancel={cancelScheduled} />
}
