import { z } from 'zod'
import { parseParameters } from '@/lib/domain/settings/edits'

export const parametersInput = {
  parameters: z
    .string()
    .trim()
    .min(1)
    .max(20_000)
    .superRefine((text, context) => {
      for (const message of parseParameters(text).problems) context.addIssue({ code: 'custom', message })
    })
    .meta({
      title: 'Parameters',
      description:
        'One a line, NAME = VALUE, as in postgresql.conf; DEFAULT takes out what ALTER SYSTEM has written, so that the files of people count again.',
      format: 'sql',
      examples: ['work_mem = 64MB'],
    }),
}
