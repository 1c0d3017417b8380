import { z } from 'zod'
import { type NamePattern, parseNames } from '@/lib/domain/maintenance/names'

/** Of one run, on one instance; their names are all read in the plan. */
export const objectsMax = 500
/** Of them, those that a plan tells apart. */
export const shownMax = 30

export const copiesMax = 1000
/** Of copies that REINDEX CONCURRENTLY makes. */
export const copyNames: NamePattern[] = [{ text: '*_cc(new|old)', schema: null, name: '_cc(new|old)[0-9]*$' }]

const named = (what: string, example: string) =>
  z
    .string()
    .trim()
    .min(1)
    .max(objectsMax * 130)
    .refine((text) => typeof parseNames(text) !== 'string', {
      error: ({ input }) => String(parseNames(String(input))),
    })
    .meta({
      title: what,
      description: `Names or patterns as in psql, with commas between them: ${example}, app.*, "Odd name". Without a schema in any schema.`,
      examples: [example],
    })

export const tableNames = named('Tables', 'public.orders')
export const indexNames = (example: string) => named('Indexes', example)

export const common = {
  database: z.string().min(1).max(63).default('postgres').meta({ title: 'Database' }),
}

export const limits = {
  lockTimeoutSeconds: z.int().min(1).max(86_400).default(600).meta({
    title: 'Lock timeout (seconds)',
    description: 'How long it waits for another session’s lock or transaction before it leaves that one and takes the next.',
  }),
  timeoutMinutes: z
    .int()
    .min(1)
    .max(7 * 1440)
    .default(360)
    .meta({ title: 'Deadline (minutes)', description: 'For all of them on one instance; what runs then is cancelled.' }),
}
