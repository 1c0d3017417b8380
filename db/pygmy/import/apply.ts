import { createHash } from 'node:crypto'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { canonicalJson, type Json } from '@/lib/kernel/ground/json'
import type { ImportAnswer, ImportInput, ImportItem } from '@/lib/shapes/pygmy-import'
import { inTransaction } from '../../pg/client'
import { writeAudit } from '../../trail/audit'
import { toggleCluster } from '../clusters'
import { restOn } from '../exceptions'
import { addManagement } from '../managements'
import { addDnsEntry } from '../names'
import { claimNumber } from '../numbers'
import { saveNew } from '../rules'
import { type ImportPlan, planImport } from './plan'

/**
 * A dry run of an import, or with its digest the import itself: each thing by itself, as the caller, so that what fails is said and the rest stays. Run again, it
 * goes on with what is missing. Throws `plan.moved` where the digest is of another dry run, `access.denied`.
 */
export const importPygmy = async (actor: Actor, input: ImportInput, defaultZone: string): Promise<ImportAnswer> => {
  const plan = await planImport(actor, input)
  const zone = input.zone === '' ? defaultZone : input.zone
  const digest = createHash('sha256')
    .update(canonicalJson([plan.items, input.content, zone] as unknown as Json))
    .digest('hex')
    .slice(0, 16)
  if (input.digest === '') return { digest, isApplied: false, items: plan.items }
  if (input.digest !== digest)
    throw new Fault('plan.moved', { because: 'Something changed since that dry run. Nothing was imported; make another one.' })
  const items: ImportItem[] = []
  for (const item of plan.items) items.push(item.act === 'add' ? await tryOne(actor, item, input, plan, zone) : item)
  await inTransaction((tx) =>
    writeAudit(tx, actor, {
      act: 'sizing-rule.import',
      title: 'from pygmy',
      detail: {
        digest,
        added: items.filter(({ act }) => act === 'add').length,
        failed: items.filter(({ act }) => act === 'failed').length,
      },
    }),
  )
  return { digest, isApplied: true, items }
}

const tryOne = async (actor: Actor, item: ImportItem, input: ImportInput, plan: ImportPlan, zone: string): Promise<ImportItem> => {
  try {
    await addOne(actor, item, input, plan, zone)
    return item
  } catch (error) {
    if (isFault(error, 'database.down')) throw error
    return { ...item, act: 'failed', because: (error as Error).message }
  }
}

const addOne = async (
  actor: Actor,
  { kind, number }: ImportItem,
  { content }: ImportInput,
  plan: ImportPlan,
  zone: string,
): Promise<void> => {
  const of = <T extends { id: number }>(list: readonly T[]): T => list.find(({ id }) => id === number)!
  switch (kind) {
    case 'cluster': {
      const { herdId } = plan.clusters.get(number)!
      const { name, enabled } = of(content.clusters)
      await claimNumber('cluster', herdId, number, name)
      if (!enabled) await toggleCluster(actor, name, 'false')
      return
    }
    case 'instance':
      return void (await claimNumber('instance', plan.nodes.get(number)!.instanceId, number))
    case 'management': {
      const { cluster, averageLoad, fallbacksUp, fallbacksDown, activeUsers } = of(content.managements)
      const lists = {
        fallback_instances_scale_up: fallbacksUp,
        fallback_instances_scale_down: fallbacksDown,
        check_active_users: activeUsers,
      }
      return void (await addManagement(actor, { cluster_id: cluster, avg_load: averageLoad, ...lists }, number))
    }
    case 'dns': {
      const { hostedZone, dnsName, matchType, instance, cluster, tagRole } = of(content.dns)
      const isByInstance = matchType === 'MATCH_INSTANCE'
      const match = isByInstance ? { instance } : { cluster, tag_role: tagRole }
      return void (await addDnsEntry(actor, { hosted_zone_name: hostedZone, dns_name: dnsName, match_type: matchType, ...match }, number))
    }
    case 'exception': {
      const { day, clusters } = of(content.exceptions)
      return restOn(
        actor,
        [day],
        clusters.flatMap((id) => plan.clusters.get(id) ?? []),
      )
    }
    case 'rule': {
      const { id, reverseId } = await saveNew(actor, plan.clusters.get(of(content.rules).cluster)!, plan.rules.get(number)!, zone)
      await claimNumber('rule', id, number)
      const child = content.rules.find(({ parent }) => parent === number)
      if (child && reverseId !== null) await claimNumber('rule', reverseId, child.id)
    }
  }
}
