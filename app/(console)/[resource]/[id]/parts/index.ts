import type { ResourceName } from '@/lib/resources'
import { blueprint } from './blueprint'
import { discoveredHost } from './discovered-host'
import { dnsZone } from './dns-zone'
import { drPair } from './dr-pair'
import { environment } from './environment'
import { herd } from './herd'
import { instance } from './instance'
import { machine } from './machine'
import type { ResourceParts } from './part'
import { person } from './person'
import { pooler } from './pooler'
import { scheduledRun } from './scheduled-run'
import { server } from './server'
import { sizingRecommendation } from './sizing-recommendation'
import { sizingDecision, sizingRule } from './sizing-rule'
import { authority, etcdCluster, proxy, stack } from './stack'
import { subscription } from './subscription'

/** Most resources need none. */
const parts: Partial<Record<ResourceName, ResourceParts>> = {
  authority,
  blueprint,
  'discovered-host': discoveredHost,
  'dns-zone': dnsZone,
  'dr-pair': drPair,
  environment,
  'etcd-cluster': etcdCluster,
  herd,
  instance,
  machine,
  person,
  pooler,
  proxy,
  'scheduled-run': scheduledRun,
  server,
  'sizing-decision': sizingDecision,
  'sizing-recommendation': sizingRecommendation,
  'sizing-rule': sizingRule,
  stack,
  subscription,
}

export const partsOf = (resource: ResourceName): ResourceParts => parts[resource] ?? {}
