import { z } from 'zod'
import { foundManager } from '@/lib/domain/managers/found'
import type { ManagersSeen } from '@/lib/domain/managers/manager'

/**
 * What a host's agent sends. Everything but names and ports may be missing or null: a failing instance still has its place. Fields that are not named here
 * are kept as they came. All of it is observed, never configuration.
 */
const text = (max: number) => z.string().max(max)
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null)
const lsn = z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i, 'must be an LSN such as 0/3000148')
const port = z.int('must be a whole number').min(1, 'must be from 1 to 65535').max(65535, 'must be from 1 to 65535')
const bytes = z.number().nonnegative()
const name = z.string().trim().min(1, 'must not be empty')

/** Where there is nothing the answer is an empty list, as the observer gives it. */
const listOf = <T extends z.ZodType>(schema: T) =>
  z
    .array(schema)
    .max(1000)
    .nullish()
    .transform((value) => value ?? [])
const word = (max: number) =>
  text(max)
    .nullish()
    .transform((value) => value ?? '')

const standby = z.looseObject({
  applicationName: word(200),
  clientAddress: optional(text(100)),
  state: word(50),
  syncState: word(50),
  sentLsn: optional(lsn),
  flushLsn: optional(lsn),
  replayLsn: optional(lsn),
  lagBytes: optional(z.number()),
  slotName: optional(text(200)),
})

const slot = z.looseObject({
  name: text(200),
  kind: z
    .enum(['physical', 'logical'])
    .nullish()
    .transform((value) => value ?? 'physical'),
  isActive: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  retainedBytes: optional(z.number()),
})

const states = ['online', 'starting', 'stopping', 'stopped', 'crashed', 'absent', 'refused', 'unreachable', 'unknown'] as const

const instance = z.looseObject({
  name: name.max(200),
  port,
  dataDirectory: text(1000).default(''),
  socketDirectory: optional(text(1000)),
  owner: optional(text(100)),
  version: optional(text(40)),
  state: z.enum(states).default('unknown'),
  because: optional(text(2000)),
  role: z
    .enum(['primary', 'standby', 'unknown'])
    .nullish()
    .transform((value) => value ?? 'unknown'),
  systemIdentifier: optional(z.string().regex(/^\d{1,20}$/, 'must be a number of up to 20 digits, as text')),
  timeline: optional(z.int().positive()),
  controlState: optional(text(100)),
  hasStandbySignal: optional(z.boolean()),
  startedAt: optional(z.number()),
  currentLsn: optional(lsn),
  receivedLsn: optional(lsn),
  replayedLsn: optional(lsn),
  replaySeconds: optional(z.number()),
  replayedSecondsAgo: optional(z.number()),
  isReplayPaused: optional(z.boolean()),
  upstream: optional(
    z.looseObject({ host: optional(text(300)), port: optional(port), slotName: optional(text(200)), status: optional(text(50)) }),
  ),
  standbys: listOf(standby),
  slots: listOf(slot),
  clients: optional(z.int().nonnegative()),
  maxConnections: optional(z.int().nonnegative()),
  pendingRestart: listOf(text(200)),
  dataFreeBytes: optional(bytes),
  walFreeBytes: optional(bytes),
})

const pooler = z.looseObject({
  configPath: text(1000).regex(/^\//, 'must be an absolute path'),
  isReadable: z.boolean().default(true),
  port,
  /** A leading @ is a socket without a file, which is reached in no other way. */
  socketDirectory: optional(text(1000)).transform((value) => (value?.startsWith('/') ? value : null)),
  poolMode: word(50),
  authType: word(50),
  databases: listOf(z.looseObject({ name: text(300), host: optional(text(300)).transform((value) => value || null), port })),
})

const host = z.looseObject({
  hostname: name.max(253),
  addresses: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .max(200)
    .default([]),
  os: optional(text(200)),
  cpus: optional(z.int().positive()),
  load1: optional(z.number().nonnegative()),
  memoryBytes: optional(bytes),
  memoryFreeBytes: optional(bytes),
})

/** Programs that decide who is primary. What is no such program is left out, and costs nothing else. */
const managers = z.looseObject({ isWhole: z.boolean(), found: z.array(z.unknown()).max(100) })

const report = z.looseObject({
  agent: optional(text(40)),
  /** Rises with each report of a host; without it the moment of arrival counts. */
  sequence: optional(z.int().nonnegative()),
  /** Seconds since 1970 by the host's clock when it was made. */
  sentAt: optional(z.number()),
  host,
  instances: z.array(instance).max(500),
  poolers: listOf(pooler),
  /** Left out or null, as older agents do: it did not look, which is not the same as none. */
  managers: managers
    .nullish()
    .transform((seen): ManagersSeen | null =>
      seen ? { isWhole: seen.isWhole, managers: seen.found.flatMap((one) => foundManager(one) ?? []) } : null,
    ),
})

/** A position in bytes, as older agents send it, as PostgreSQL writes it. */
const asLsn = (value: unknown): unknown => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return value
  return `${Math.floor(value / 2 ** 32).toString(16)}/${(value % 2 ** 32).toString(16)}`.toUpperCase()
}

/** One instance as an older agent sends it: host, name, port, version, online, data directory, upstream host, WAL position. */
const modern = (input: unknown): unknown => {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  const { host: name, cluster, online, upstreamHost, walPosition, instances, ...rest } = input as Record<string, unknown>
  if (typeof name !== 'string' || instances !== undefined) return input
  const { agent, sequence, sentAt, ...one } = rest
  return {
    agent,
    sequence,
    sentAt,
    host: { hostname: name },
    instances: [
      {
        ...one,
        name: one.name ?? cluster,
        ...(typeof online === 'boolean' ? { state: online ? 'online' : 'stopped' } : online === undefined ? {} : { state: online }),
        ...(upstreamHost ? { role: 'standby', upstream: { host: upstreamHost } } : {}),
        ...(walPosition === undefined ? {} : upstreamHost ? { replayedLsn: asLsn(walPosition) } : { currentLsn: asLsn(walPosition) }),
      },
    ],
  }
}

export const reportInput = z.preprocess(modern, report)
export type AgentReport = z.output<typeof report>

export const enrolInput = z.looseObject({
  hostname: name.max(253),
  addresses: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .max(200)
    .default([]),
  agent: optional(text(40)),
})
export type EnrolRequest = z.output<typeof enrolInput>
