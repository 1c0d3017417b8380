import { z } from 'zod'

const value = z.object({
  value: z.string().nullable().describe('As pg_settings has it, in `unit`; secrets are masked.'),
  shown: z.string().describe('The same as SHOW writes it: 4GB.'),
  isDefault: z.boolean(),
  source: z.string().describe('pg_settings.source; default: it is set nowhere.'),
  file: z.string().nullable(),
  line: z.int().nullable(),
  isPendingRestart: z.boolean(),
  pendingShown: z.string().nullable().describe('What a restart brings, where its files say so.'),
})
const kind = z.object({
  name: z.string(),
  category: z.string(),
  description: z.string(),
  context: z.string().describe('postmaster: a change needs a restart; sighup: a reload.'),
  type: z.string(),
  unit: z.string().nullable(),
  defaultShown: z.string(),
})
const change = z.object({
  at: z.string().describe('When it was seen.'),
  instanceId: z.uuid(),
  title: z.string(),
  name: z.string(),
  oldShown: z.string(),
  newShown: z.string(),
  isPending: z.boolean().describe('The new value waits for a restart.'),
  source: z.string().nullable(),
  file: z.string().nullable(),
  line: z.int().nullable(),
})
const seen = {
  title: z.string(),
  environmentId: z.uuid(),
  seenAt: z.string().nullable().describe('null: its settings were never seen.'),
  because: z.string().nullable().describe('Why a look that was asked for saw nothing.'),
}

export const instanceSettings = z.object({
  instanceId: z.uuid(),
  ...seen,
  version: z.string().nullable(),
  loadedAt: z.string().nullable().describe('Last reload, by the server’s clock.'),
  settings: z.array(kind.extend(value.shape)),
  changes: z.array(change).describe('The latest 100, newest first.'),
})
export type InstanceSettings = z.infer<typeof instanceSettings>
export type ShownSetting = InstanceSettings['settings'][number]
export type SettingChange = InstanceSettings['changes'][number]

export const herdSettings = z.object({
  herdId: z.uuid(),
  members: z.array(z.object({ instanceId: z.uuid(), role: z.string(), version: z.string().nullable(), ...seen })),
  settings: z
    .array(
      kind.extend({
        group: z.enum(['different', 'expected', 'same']).describe('expected: members differ by nature, as in their port.'),
        values: z.array(value.nullable()).describe('In the order of `members`; null: it has no such setting, or was never seen.'),
      }),
    )
    .describe('Those that are not at their default somewhere.'),
  changes: z.array(change),
})
export type HerdSettings = z.infer<typeof herdSettings>
export type ComparedSetting = HerdSettings['settings'][number]
export type MemberSetting = NonNullable<ComparedSetting['values'][number]>

export const settingComparisons = ['is', 'not', 'more', 'less'] as const
export type SettingComparison = (typeof settingComparisons)[number]
export const settingRowsMax = 500

/** What of the fleet's settings is asked for. */
export const settingQuery = z.strictObject({
  name: z.string().trim().toLowerCase().max(63).default('').describe('Of the setting; empty: every setting that waits for a restart.'),
  compare: z.enum(settingComparisons).default('not').describe('How its value compares to `value`.'),
  value: z.string().trim().max(1000).default('').describe('In any unit of the setting: 4GB, 4096MB. Empty: any value.'),
  environment: z.string().trim().max(200).default('').describe('Name or id of the environment; empty: all.'),
  source: z.enum(['', 'default', 'set']).default('').describe('default: set nowhere; set: the others.'),
  pending: z.enum(['', 'yes']).default('').describe('yes: only what waits for a restart.'),
  page: z.coerce.number().int().min(1).max(100_000).default(1).describe('From 1.'),
  per: z.coerce.number().int().min(1).max(settingRowsMax).default(100).describe(`Rows a page; ${settingRowsMax} at most.`),
})
export type SettingQuery = z.infer<typeof settingQuery>

export const foundSettings = z.object({
  setting: kind.nullable().describe('As the newest version has it; null: no server of the fleet has one of this name.'),
  items: z.array(
    z.object({
      instanceId: z.uuid(),
      title: z.string(),
      environmentId: z.uuid(),
      herdId: z.uuid(),
      role: z.string(),
      name: z.string(),
      seenAt: z.string(),
      ...value.shape,
    }),
  ),
  total: z.int(),
  page: z.int(),
  values: z
    .array(z.object({ shown: z.string(), count: z.int() }))
    .describe('Of the setting in all environments asked for; the 12 most frequent.'),
})
export type FoundSettings = z.infer<typeof foundSettings>
export type FoundSetting = FoundSettings['items'][number]
