import { formatDuration } from '@/lib/domain/values/duration'
import type { TimelineLine, TimelinePage } from '@/lib/shapes/timeline'
import { type Args, takeFlag } from '../args'
import { getJson, type Where } from '../client'
import { exitCodes } from '../exit-codes'
import { outputOf, pour, print, printJson, remark } from '../output'
import { table } from '../table'
import { questionOf, subjectOf } from './subject'

const columns = ['at', 'kind', 'of', 'what', 'who', 'lasted', 'because']

const lasted = ({ isOpen, seconds }: TimelineLine): string => {
  if (isOpen) return 'not ended'
  return seconds === null ? '-' : formatDuration(seconds)
}

const rowOf = (line: TimelineLine): unknown[] => [
  `${line.at.slice(0, 19)}Z`,
  line.kind,
  line.title,
  line.what,
  line.person,
  lasted(line),
  line.because,
]

/** `matriarch timeline NAME [--kind a,b --person NAME --from TIME --to TIME] [--all] [-o table|json|csv]` */
export const timeline = async (where: Where, args: Args): Promise<number> => {
  const format = outputOf(args, ['table', 'json', 'csv'])
  const isAll = takeFlag(args, 'all')
  const question = questionOf(args, ['kind', 'person', 'from', 'to', 'per'])
  const { path } = await subjectOf(where, args, ['instance', 'herd', 'server'])
  if (format === 'csv') {
    await pour(where, `${path}/timeline?${question}&format=csv`)
    return exitCodes.done
  }
  const lines: TimelineLine[] = []
  let next: string | null = ''
  do {
    question.set('before', next)
    const page: TimelinePage = await getJson<TimelinePage>(where, `${path}/timeline?${question}`)
    lines.push(...page.lines)
    next = page.next
  } while (isAll && next !== null)
  if (format === 'json') printJson(lines)
  else print(table(columns, lines.map(rowOf)))
  if (next !== null) remark('There is more before these: --all, --per N or --to TIME.')
  return exitCodes.done
}
