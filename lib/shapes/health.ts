import { z } from 'zod'

export const healthStates = ['critical', 'warning', 'unknown', 'healthy', 'not-applicable', 'off'] as const
export type HealthState = (typeof healthStates)[number]

const finding = z.object({
  instanceId: z.uuid().describe('Of whom it was found.'),
  title: z.string(),
  database: z.string().describe('Empty: it belongs to none.'),
  object: z.string(),
  state: z
    .enum(['critical', 'warning', 'watched', 'unknown'])
    .describe(
      'watched: not for long enough, or not on every member, to be a warning. unknown: nobody has looked for long; `was` says what it was.',
    ),
  was: z.enum(['critical', 'warning', 'none']).describe('As the last look judged it.'),
  value: z.number().describe('In `unit` of its check.'),
  shown: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  since: z.string().describe('Of the first look that found it.'),
  seenAt: z.string(),
  remedy: z.object({
    text: z.string(),
    statement: z.string().nullable().describe('SQL to run by hand, where no operation does it.'),
    operation: z
      .object({ name: z.string(), title: z.string(), targetId: z.uuid(), input: z.record(z.string(), z.string()) })
      .nullable()
      .describe('An operation of the console that you may plan.'),
  }),
})

const look = z.object({
  instanceId: z.uuid(),
  title: z.string(),
  seenAt: z.string().nullable().describe('When a look last saw all there is; null: none ever did.'),
  because: z.string().nullable().describe('Why the last look did not.'),
  notApplicable: z.string().nullable().describe('Why the question does not arise there.'),
  worst: z.string().nullable().describe('The worst of what was seen, past a limit or not.'),
})

const check = z.object({
  kind: z.string(),
  title: z.string(),
  what: z.string(),
  state: z.enum(healthStates),
  asks: z.enum(['every', 'primary', 'once']).describe('once: one member answers for its herd, a standby where one is online.'),
  question: z.string().describe('SQL as it is put to the server, or what is looked at in its place.'),
  isSql: z.boolean(),
  everyHours: z.number(),
  cost: z.string(),
  unit: z.string(),
  worse: z.enum(['above', 'below']),
  warning: z.number().describe('From where a value is a warning in this environment.'),
  critical: z.number().nullable().describe('From where it is critical; null: it never is.'),
  limits: z.string().describe('The two in words.'),
  looks: z.array(look),
  findings: z.array(finding),
})

export const health = z.object({
  of: z.enum(['instance', 'herd']),
  id: z.uuid(),
  title: z.string(),
  environmentId: z.uuid(),
  isOn: z.boolean().describe('false: its environment does not want it looked at; what is shown is from before.'),
  state: z.enum(healthStates).describe('The worst of its checks.'),
  because: z.string().nullable().describe('Why a look that was asked for saw nothing.'),
  checks: z.array(check),
})
export type Health = z.infer<typeof health>
export type HealthCheck = Health['checks'][number]
export type HealthFinding = HealthCheck['findings'][number]
