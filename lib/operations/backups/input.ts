import { z } from 'zod'
import type { RecoveryTarget } from '@/lib/domain/backups/target'
import { parseTime } from '@/lib/domain/values/appointed-time'
import { parseLsn } from '@/lib/domain/values/lsn'

export const restoreInput = z
  .strictObject({
    until: z.enum(['latest', 'time', 'lsn']).default('latest').meta({
      title: 'Until',
      description: 'latest: all that is in the archive. time: what was committed up to a time. lsn: WAL up to a position.',
    }),
    time: z.string().max(60).default('').meta({
      title: 'Time',
      description: 'With its zone: 2026-11-21 02:00 Europe/Berlin or 2026-11-21T01:00:00Z. Only with “time”.',
    }),
    lsn: z.string().max(17).default('').meta({ title: 'Position (LSN)', description: 'Such as 0/3000148. Only with “lsn”.' }),
    keepOld: z.boolean().default(true).meta({
      title: 'Keep the old directory',
      description: 'Under a name of its own beside the new one, until you remove it. It needs the space of both.',
    }),
  })
  .superRefine(({ until, time, lsn }, context) => {
    const say = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const at = until === 'time' ? parseTime(time) : null
    if (typeof at === 'string') say('time', at)
    if (until === 'lsn' && parseLsn(lsn) === null) say('lsn', 'Write a position such as 0/3000148.')
    if (until !== 'time' && time !== '') say('time', 'Choose until “time”, or leave it empty.')
    if (until !== 'lsn' && lsn !== '') say('lsn', 'Choose until “lsn”, or leave it empty.')
  })

export type RestoreInput = z.infer<typeof restoreInput>

export const targetOf = ({ until, time, lsn }: RestoreInput): RecoveryTarget => {
  const at = until === 'time' ? parseTime(time) : ''
  const fraction = (/:\d\d\.(\d{1,6})/.exec(time)?.[1] ?? '').padEnd(6, '0')
  if (typeof at !== 'string') return { kind: 'time', time: at.at.toISOString().replace(/\.\d+Z$/, `.${fraction}Z`) }
  return until === 'lsn' ? { kind: 'lsn', lsn } : { kind: 'latest' }
}

export const sayTarget = (target: RecoveryTarget): string =>
  target.kind === 'latest' ? 'the end of the archive' : target.kind === 'time' ? target.time : `position ${target.lsn}`
