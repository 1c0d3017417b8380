import type { HerdPart } from '@/lib/domain/poolers/lines'
import type { HerdAim } from '@/lib/domain/poolers/template'
import type { InventoryInstance, InventoryPooler } from '@/lib/ports'

/** One herd's part of the pooler's file; null: the console does not write it. */
export const partOf = (
  { title, herdName, template, isManaged }: Pick<InventoryPooler, 'title' | 'herdName' | 'template' | 'isManaged'>,
  herd: string,
): HerdPart | null => (template === null || !isManaged ? null : { template, about: { pooler: title, herd: herdName }, herd })

/** Where this member is, as a pooler's file says it. */
export const aimAt = ({ address: { host, port } }: Pick<InventoryInstance, 'address'>): HerdAim => ({
  host: host.address,
  port,
  hostname: host.hostname,
})
