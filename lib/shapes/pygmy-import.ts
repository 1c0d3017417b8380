import { z } from 'zod'

const number = z.int().min(0).max(2_147_483_647)
const text = z.string().max(300)
const many = 5000

/** What can be imported of a pygmy; `lib/domain/pygmy/content.ts` reads it from a dump. */
export const pygmyContent = z.strictObject({
  clusters: z.array(z.strictObject({ id: number, name: text, primaryNodeIp: text, enabled: z.boolean(), type: text })).max(many),
  nodes: z.array(z.strictObject({ id: number, instanceId: text, cluster: number.nullable() })).max(many * 4),
  managements: z
    .array(
      z.strictObject({
        id: number,
        cluster: number,
        averageLoad: text,
        fallbacksUp: z.unknown(),
        fallbacksDown: z.unknown(),
        activeUsers: z.unknown(),
      }),
    )
    .max(many),
  rules: z
    .array(
      z.strictObject({
        id: number,
        name: text,
        cluster: number,
        action: text,
        rule: z.record(z.string(), z.unknown()),
        isAny: z.boolean(),
        isDaily: z.boolean(),
        runAt: z.array(text).max(100),
        parent: number.nullable(),
      }),
    )
    .max(many),
  dns: z
    .array(
      z.strictObject({
        id: number,
        hostedZone: text,
        dnsName: text,
        matchType: text,
        instance: number.nullable(),
        cluster: number.nullable(),
        tagRole: text.nullable(),
      }),
    )
    .max(many),
  exceptions: z.array(z.strictObject({ id: number, day: text, clusters: z.array(number).max(many) })).max(many),
})

export const importInput = z.strictObject({
  content: pygmyContent,
  herds: z.record(text, text).default({}).describe('Name of a cluster → name of the herd that it is, where they differ.'),
  zone: text.default('').describe('Time zone of its schedules; empty: PYGMY_TIME_ZONE.'),
  digest: z.string().max(100).default('').describe('Of the dry run that was read: it is applied. Empty: a dry run.'),
})

export const importAnswer = z.object({
  digest: z.string(),
  isApplied: z.boolean(),
  items: z.array(
    z.object({
      kind: z.enum(['cluster', 'instance', 'management', 'dns', 'rule', 'exception']),
      number: z.int(),
      name: z.string(),
      act: z.enum(['add', 'same', 'refuse', 'failed']).describe('failed: only where it was applied.'),
      because: z.string().describe('What it becomes, or why it is not imported.'),
    }),
  ),
})

export type ImportInput = z.infer<typeof importInput>
export type ImportAnswer = z.infer<typeof importAnswer>
export type ImportItem = ImportAnswer['items'][number]
