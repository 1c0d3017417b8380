import { makeRegistry } from '@/lib/kernel/resource/registry'
import type { Resource } from '@/lib/kernel/resource/resource'
import { blueprint } from './blueprint'
import { calendar } from './calendar'
import { certificate } from './certificate'
import { cloudAccount } from './cloud'
import { discoveredHost, discoveredInstance, discoveredPooler, discoveryRule, enrolmentKey } from './discovery'
import { drPair } from './dr-pair'
import { environment } from './environment'
import { etcdCluster, proxy } from './etcd-proxies'
import { failover } from './failover'
import { herd } from './herd'
import { hook } from './hook'
import { instance } from './instance'
import { machine } from './machine'
import { dnsZone, name } from './names'
import { grant, person, session, token } from './people'
import { pooler } from './pooler'
import { audit, auditCheckpoint, change } from './record'
import { server } from './server'
import { sizingDecision, sizingRule } from './sizing'
import { sizingLimit, sizingRecommendation } from './sizing-advice'
import { authority, stack } from './stack'
import { message, subscription } from './subscription'
import { job, run, scheduledRun } from './work'

const declared = [
  instance,
  herd,
  drPair,
  server,
  machine,
  cloudAccount,
  blueprint,
  pooler,
  proxy,
  etcdCluster,
  stack,
  authority,
  name,
  dnsZone,
  environment,
  run,
  scheduledRun,
  sizingRule,
  sizingDecision,
  calendar,
  hook,
  sizingRecommendation,
  sizingLimit,
  job,
  failover,
  certificate,
  discoveredHost,
  discoveredInstance,
  discoveredPooler,
  discoveryRule,
  enrolmentKey,
  change,
  audit,
  auditCheckpoint,
  subscription,
  message,
  person,
  grant,
  token,
  session,
] as const

export type ResourceName = (typeof declared)[number]['name']

const registry = makeRegistry(declared)

/** In the order of the menu. */
export const resources: readonly Resource<ResourceName>[] = declared
export const resourceByName = registry.byName
export const resourceByPath = registry.byPath

/** Resource name → path segment. */
export const pathOf: Readonly<Record<string, string>> = Object.fromEntries(resources.map(({ name, path }) => [name, path]))
