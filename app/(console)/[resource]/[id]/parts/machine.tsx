import { RegisterDb } from '@/components/discovery/register-db'
import { offeredRegistration } from '@/db/discovery/db-instances'
import { mayNot } from './may-not'
import type { ResourceParts } from './part'

export const machine: ResourceParts = {
  Above: async ({ loaded: { actor, record } }) => {
    const { id, title, environmentId } = record
    const offered = await offeredRegistration(actor, id)
    if (offered === null) return null
    const because = mayNot(actor, 'server.add', environmentId) ?? mayNot(actor, 'instance.add', environmentId)
    return <RegisterDb id={id} title={title} address={offered.address} suggestedHerd={offered.herd} because={because} />
  },
}
