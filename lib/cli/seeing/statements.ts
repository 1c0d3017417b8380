import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import type { TopStatement, TopStatements } from '@/lib/shapes/statements'
import { type Args, takeFlag } from '../args'
import { getJson, type Where } from '../client'
import { exitCodes } from '../exit-codes'
import { outputOf, print, printJson, remark } from '../output'
import { oneLine, table } from '../table'
import { questionOf, subjectOf } from './subject'

const columns = ['total', 'calls', 'mean', 'rows', 'read', 'I/O', 'temp', 'WAL', 'user', 'database', 'statement']
/** PostgreSQL's, as it is nearly everywhere. */
const blockBytes = 8192

const rowOf = (one: TopStatement): unknown[] => [
  `${one.isAtMost ? '≤ ' : ''}${formatDuration(one.totalMs / 1000)}`,
  one.calls.toLocaleString('en'),
  formatDuration(one.meanMs / 1000),
  one.rows.toLocaleString('en'),
  formatBytes(one.blocksRead * blockBytes),
  formatDuration(one.ioMs / 1000),
  formatBytes(one.tempBlocks * blockBytes),
  formatBytes(one.walBytes),
  one.user,
  one.database,
  oneLine(one.text),
]

const missing: Record<Exclude<TopStatements['state'], 'seen'>, string> = {
  'not-loaded': 'pg_stat_statements is not in shared_preload_libraries',
  'not-created': 'no database has the extension pg_stat_statements: run CREATE EXTENSION pg_stat_statements',
  unknown: 'nobody has looked yet: --now',
}

/** `matriarch statements INSTANCE [--from MOMENT|start --to MOMENT --order totalMs] [--now] [-o table|json]` */
export const statements = async (where: Where, args: Args): Promise<number> => {
  const format = outputOf(args, ['table', 'json'])
  const question = questionOf(args, ['from', 'to', 'order'])
  if (takeFlag(args, 'now')) question.set('look', 'now')
  const { path } = await subjectOf(where, args, ['instance'])
  const found = await getJson<TopStatements>(where, `${path}/statements?${question}`)
  if (format === 'json') printJson(found)
  else if (found.state === 'seen') print(table(columns, found.statements.map(rowOf)))
  if (found.because !== null) remark(`The look that was asked for saw nothing: ${found.because}`)
  if (found.state !== 'seen') {
    remark(`${found.title}: ${missing[found.state]}.`)
    return exitCodes.failed
  }
  remark(`From ${found.from ?? `the beginning${found.resetAt === null ? '' : ` (${found.resetAt})`}`} to ${found.to ?? '-'}.`)
  return exitCodes.done
}
