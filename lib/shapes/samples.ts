import { z } from 'zod'

export const sampleSubjects = ['instance', 'herd', 'server', 'fleet'] as const
export type SampleSubject = (typeof sampleSubjects)[number]

/** `points`: moment in seconds since 1970, then the lowest, mean and highest figure of the `stepSeconds` that begin there. What is not known has no point. */
const series = z.object({
  id: z.uuid(),
  title: z.string(),
  metric: z.string(),
  points: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
})
const mark = z.object({ at: z.number(), kind: z.enum(['run', 'failover', 'alarm']), title: z.string(), href: z.string() })

export const samplesSchema = z.object({
  from: z.string(),
  to: z.string(),
  stepSeconds: z.number(),
  metrics: z.array(
    z.object({
      name: z.string(),
      label: z.string(),
      unit: z.enum(['sessions', 'per second', 'bytes per second', 'bytes', 'seconds', 'percent', 'ratio']),
    }),
  ),
  series: z.array(series),
  marks: z.array(mark).describe('Runs, failovers and alarms that touched it meanwhile, of those the caller may see.'),
})

export type Samples = z.infer<typeof samplesSchema>
export type SampleSeries = Samples['series'][number]
export type SampleMark = Samples['marks'][number]
