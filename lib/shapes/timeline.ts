import { z } from 'zod'

/** What a timeline tells of, with the words of its filter. */
export const timelineKinds = {
  role: 'Role changes',
  outage: 'Outages',
  restart: 'Restarts',
  timeline: 'New PostgreSQL timelines',
  run: 'Runs',
  failover: 'Failovers',
  certificate: 'Certificates',
  change: 'Edits',
  setting: 'Settings',
  acknowledgement: 'Acknowledgements',
  alarm: 'Alarms',
} as const
export type TimelineKind = keyof typeof timelineKinds
export const timelineKindNames = Object.keys(timelineKinds) as TimelineKind[]
export const timelineRowsMax = 500

/** With an offset or Z; without either, UTC. */
const moment = z
  .string()
  .trim()
  .transform((text) => (text === '' || /(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`))
  .refine((text) => text === '' || !Number.isNaN(Date.parse(text)), 'Use a date and time such as 2026-03-01T22:00Z.')
  .transform((text) => (text === '' ? '' : new Date(text).toISOString()))
  .default('')

export const timelineQuery = z.strictObject({
  kind: z
    .string()
    .trim()
    .transform((text) => text.split(',').filter((one) => one !== ''))
    .pipe(z.array(z.enum(timelineKindNames, { message: `Use some of ${timelineKindNames.join(', ')}.` })))
    .default([])
    .describe('Kinds, separated by commas; empty: all.'),
  person: z.string().trim().max(200).default('').describe('Who did it, by their whole name; leaves out what nobody did. Empty: all.'),
  from: moment.describe('First moment, such as 2026-03-01T22:00Z; UTC where it has no offset. Empty: since the beginning.'),
  to: moment.describe('What is at or after it is left out. Empty: until now.'),
  before: z
    .string()
    .regex(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z_[0-9a-f-]{36})?$/, 'Use `next` of the page before.')
    .default('')
    .describe('`next` of the page before; empty: the newest.'),
  per: z.coerce.number().int().min(1).max(timelineRowsMax).default(100).describe(`Lines a page; ${timelineRowsMax} at most.`),
})
export type TimelineQuery = z.infer<typeof timelineQuery>

export const timelinePage = z.object({
  lines: z.array(
    z.object({
      id: z.string(),
      at: z.string(),
      kind: z.enum(timelineKindNames),
      title: z.string().describe('What it happened to.'),
      what: z.string(),
      person: z.string().nullable().describe('null: nobody did it through the console.'),
      state: z.enum(['good', 'bad', 'warn', 'neutral']),
      because: z.string().nullable(),
      seconds: z.number().nullable().describe('How long it lasted; null: it has no length, or has not ended.'),
      isOpen: z.boolean().describe('It has not ended.'),
      href: z.string().nullable().describe('The page that proves it.'),
    }),
  ),
  next: z.string().nullable().describe('For `before`; null: there is no more.'),
})
export type TimelinePage = z.infer<typeof timelinePage>
export type TimelineLine = TimelinePage['lines'][number]
