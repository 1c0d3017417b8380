import type { Stack, StackPart } from '@/lib/domain/stack/stack'

/** A registered server, as the wizard of clusters shows it. */
export interface ServerToBuildOn {
  id: string
  environmentId: string
  name: string
  address: string
  site: string
  state: 'reachable' | 'unreachable' | 'refused' | 'unknown'
  cpus: number | null
  memoryBytes: number | null
  /** Titles of the instances and poolers on it; at most five. */
  carries: string[]
}

/** What is typed and ticked: numbers as they stand in their inputs. */
export interface StackDraft {
  environmentId: string
  cluster: string
  network: string
  parts: Record<string, StackPart[]>
  major: string
  port: string
  synchronous: Stack['postgres']['synchronous']
  profile: Stack['postgres']['profile']
  memoryMb: string
  maxConnections: string
  ttl: string
  loopWait: string
  retryTimeout: string
  watchdog: Stack['patroni']['watchdog']
  poolerPort: string
  poolMode: Stack['pooler']['poolMode']
  poolSize: string
  maxClients: string
  writePort: string
  readPort: string
  database: string
  users: string
  certificateDays: string
}

export const emptyDraft = (environmentId: string): StackDraft => ({
  environmentId,
  cluster: '',
  network: '',
  parts: {},
  major: '15',
  port: '5432',
  synchronous: 'on',
  profile: 'mixed',
  memoryMb: '',
  maxConnections: '200',
  ttl: '20',
  loopWait: '5',
  retryTimeout: '5',
  watchdog: 'off',
  poolerPort: '6432',
  poolMode: 'transaction',
  poolSize: '50',
  maxClients: '1000',
  writePort: '15432',
  readPort: '15433',
  database: 'app',
  users: 'app',
  certificateDays: '365',
})

/** What is no number stays as it was typed, for the schema to refuse it beside its field. */
const number = (text: string): number | string => (/^\d+$/.test(text.trim()) ? Number(text) : text)

/** The cluster file of a draft, as a document. It states every value, the usual ones too. */
export const documentOf = (draft: StackDraft) => ({
  cluster: draft.cluster.trim(),
  network: draft.network.trim(),
  servers: Object.fromEntries(Object.entries(draft.parts).filter(([, parts]) => parts.length > 0)),
  postgres: {
    major: draft.major.trim(),
    port: number(draft.port),
    synchronous: draft.synchronous,
    profile: draft.profile,
    memoryMb: draft.memoryMb.trim() === '' ? null : number(draft.memoryMb),
    maxConnections: number(draft.maxConnections),
  },
  patroni: {
    ttl: number(draft.ttl),
    loopWait: number(draft.loopWait),
    retryTimeout: number(draft.retryTimeout),
    watchdog: draft.watchdog,
  },
  pooler: {
    port: number(draft.poolerPort),
    poolMode: draft.poolMode,
    poolSize: number(draft.poolSize),
    maxClients: number(draft.maxClients),
  },
  proxy: { writePort: number(draft.writePort), readPort: number(draft.readPort) },
  database: { name: draft.database.trim(), users: draft.users.split(/[\s,]+/).filter((name) => name !== '') },
  certificateDays: number(draft.certificateDays),
})

export const wizardSteps = ['servers', 'postgres', 'doors', 'review'] as const
export type WizardStep = (typeof wizardSteps)[number]

/** The step on which a field of the cluster file is mended. */
export const stepOf = (field: string): WizardStep => {
  const first = field.split('.')[0]!
  if (['postgres', 'patroni'].includes(first)) return 'postgres'
  if (['pooler', 'proxy', 'database', 'certificateDays'].includes(first)) return 'doors'
  return 'servers'
}

/**
 * Parts for the ticked servers, as most clusters have them: three or more servers get everything, etcd an odd number of them. Of two servers no etcd can
 * have a majority without the other: then etcd is left for the person to place.
 */
export const suggestedParts = (names: readonly string[]): Record<string, StackPart[]> => {
  const voters = names.length >= 5 ? 5 : names.length >= 3 ? 3 : 0
  return Object.fromEntries(
    names.map((name, at): [string, StackPart[]] => [name, ['postgres', ...(at < voters ? (['etcd'] as const) : []), 'pooler', 'proxy']]),
  )
}

/** RAM of the smallest server with PostgreSQL, whole MiB; null: unknown of one of them. */
export const smallestMemoryMb = (
  parts: Readonly<Record<string, readonly StackPart[]>>,
  servers: readonly ServerToBuildOn[],
): number | null => {
  const sizes = servers.filter(({ name }) => parts[name]?.includes('postgres')).map(({ memoryBytes }) => memoryBytes)
  return sizes.length === 0 || sizes.some((size) => size === null) ? null : Math.floor(Math.min(...(sizes as number[])) / 1024 ** 2)
}
