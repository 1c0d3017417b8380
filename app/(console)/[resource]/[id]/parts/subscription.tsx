import { TryIt } from '@/components/resource/subscription/try-it'
import { mayNot } from './may-not'
import type { ResourceParts } from './part'

export const subscription: ResourceParts = {
  Above: ({ loaded: { actor, record } }) => (
    <TryIt
      id={record.id}
      isWebhook={record.values.channel === 'webhook'}
      isSigned={record.values.isSigned === true}
      because={mayNot(actor, 'subscription.change', record.environmentId)}
    />
  ),
}
