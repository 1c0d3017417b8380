import { ZoneCheck } from '@/components/resource/check/zone-check'
import { Card } from '@/components/ui/card'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { checkZone } from '@/lib/operations/check-zone'
import { startCheck } from '../../../actions'
import { mayNot } from './may-not'
import type { ResourceParts } from './part'

export const dnsZone: ResourceParts = {
  Above: ({ loaded: { actor, record } }) => (
    <Card title="Check">
      <ZoneCheck zoneId={record.id} because={mayNot(actor, runPermission(checkZone), record.environmentId)} startCheck={startCheck} />
    </Card>
  ),
}
