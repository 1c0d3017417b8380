import { type Blocker, blockingTrees } from '@/lib/domain/activity/blocking'
import { formatDuration } from '@/lib/domain/values/duration'
import type { MemberActivity } from '@/lib/shapes/activity'
import { type Args, takeFlag } from '../args'
import { getJson, type Where } from '../client'
import { exitCodes } from '../exit-codes'
import { outputOf, print, printJson, remark } from '../output'
import { clean, oneLine, table } from '../table'
import { subjectOf } from './subject'

type Activity = NonNullable<MemberActivity['activity']>
type Session = Activity['sessions'][number]

const columns = [
  'of',
  'pid',
  'user',
  'database',
  'application',
  'client',
  'state',
  'waits for',
  'transaction',
  'statement for',
  'statement',
]

const lasting = (seconds: number | null): string | null => (seconds === null ? null : formatDuration(seconds))
const waitsFor = ({ waitType, wait }: Session): string | null => (waitType === null ? null : `${waitType}: ${wait ?? ''}`)
const isBusy = ({ kind, state }: Session): boolean => kind !== 'client backend' || (state !== 'idle' && state !== null)

const rowOf = (title: string, one: Session): unknown[] => [
  title,
  one.pid,
  one.user ?? one.kind,
  one.database,
  one.application || null,
  one.client,
  one.state ?? one.kind,
  waitsFor(one),
  lasting(one.transactionSeconds),
  lasting(one.statementSeconds),
  one.statement === null ? null : oneLine(one.statement),
]

const treeLines = ({ pid, session, waiting }: Blocker, depth = 0): string[] => {
  const who = session
    ? `${pid} ${session.user ?? session.kind}@${session.database ?? '-'} ${session.state ?? ''}`
    : 'a prepared transaction'
  const doing = session ? `, ${lasting(session.transactionSeconds) ?? '-'}: ${oneLine(session.statement ?? '')}` : ''
  return [clean(`${'  '.repeat(depth)}${depth > 0 ? '└ ' : ''}${who}${doing}`), ...waiting.flatMap((one) => treeLines(one, depth + 1))]
}

const blocked = (members: readonly MemberActivity[]): string[] =>
  members.flatMap(({ title, activity }) => {
    const lines = blockingTrees(activity?.sessions ?? []).flatMap((tree) => treeLines(tree, 1))
    return lines.length === 0 ? [] : [clean(title), ...lines]
  })

const beside = ({ title, activity }: MemberActivity): string[] => {
  if (!activity) return []
  const { prepared, progress, leftOut } = activity
  return [
    ...progress.map(
      ({ pid, command, database, phase, done, total, unit }) =>
        `${title}: ${pid} ${command}${database === null ? '' : ` in ${database}`}: ${phase ?? '-'}, ${total > 0 ? `${Math.floor((100 * done) / total)} %` : `${done} ${unit}`}`,
    ),
    ...prepared.map(
      ({ name, database, user, ageSeconds }) =>
        `${title}: prepared transaction ${name} of ${user} in ${database}, ${formatDuration(ageSeconds)}`,
    ),
    ...(leftOut > 0 ? [`${title}: ${leftOut} more sessions are not listed`] : []),
  ]
}

/** `matriarch activity NAME [--all | --blocked] [-o table|json]`: exit code 1 when nobody could be asked. */
export const activity = async (where: Where, args: Args): Promise<number> => {
  const format = outputOf(args, ['table', 'json'])
  const [isAll, isTree] = [takeFlag(args, 'all'), takeFlag(args, 'blocked')]
  const { path } = await subjectOf(where, args, ['instance', 'herd'])
  const { members } = await getJson<{ members: MemberActivity[] }>(where, `${path}/activity`)
  if (format === 'json') printJson(members)
  else if (isTree) print(blocked(members).join('\n') || 'Nobody waits for another session.')
  else {
    const rows = members.flatMap(({ title, activity: seen }) =>
      (seen?.sessions ?? []).filter((one) => isAll || isBusy(one)).map((one) => rowOf(title, one)),
    )
    print(table(columns, rows))
    for (const line of members.flatMap(beside)) remark(clean(line))
    if (!isAll) remark('Idle sessions are left out: --all.')
  }
  for (const { title, because, seenAt } of members)
    if (because !== null) remark(clean(`${title}: the last look saw nothing: ${because}${seenAt === null ? '' : `; seen at ${seenAt}`}`))
  return members.every(({ because }) => because !== null) ? exitCodes.failed : exitCodes.done
}
