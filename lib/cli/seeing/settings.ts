import type { ComparedSetting, FoundSettings, HerdSettings, InstanceSettings, MemberSetting, SettingChange } from '@/lib/shapes/settings'
import { type Args, mustBeEmpty, takeFlag, UsageError } from '../args'
import { getJson, type Where } from '../client'
import { exitCodes } from '../exit-codes'
import { outputOf, pour, print, printJson, remark } from '../output'
import { clean, table } from '../table'
import { questionOf, subjectOf } from './subject'

type Value = Pick<MemberSetting, 'shown' | 'source' | 'file' | 'line' | 'isPendingRestart' | 'pendingShown'>

const setWhere = ({ source, file, line }: Pick<Value, 'source' | 'file' | 'line'>): string =>
  file === null ? source : `${file}:${line ?? ''}`

const shownOf = (one: Value): string => {
  if (!one.isPendingRestart) return one.shown
  return `${one.shown} (${one.pendingShown ?? 'another value'} after a restart)`
}

const printChanges = (changes: readonly SettingChange[]): void =>
  print(
    table(
      ['at', 'of', 'setting', 'before', 'after', 'set in'],
      changes.map((one) => [
        `${one.at.slice(0, 19)}Z`,
        one.title,
        one.name,
        one.oldShown,
        `${one.newShown}${one.isPending ? ' (after a restart)' : ''}`,
        one.file === null ? one.source : `${one.file}:${one.line ?? ''}`,
      ]),
    ),
  )

const remarkLooks = (looks: readonly { title: string; seenAt: string | null; because: string | null }[]): void => {
  for (const { title, seenAt, because } of looks) {
    if (because !== null) remark(clean(`${title}: the look that was asked for saw nothing: ${because}`))
    else if (seenAt === null) remark(clean(`${title}: its settings were never seen`))
  }
}

const ofInstance = (found: InstanceSettings, isAll: boolean): void => {
  const shown = found.settings.filter(({ isDefault, isPendingRestart }) => isAll || !isDefault || isPendingRestart)
  print(
    table(
      ['setting', 'value', 'default', 'changes with', 'set in'],
      shown.map((one) => [one.name, shownOf(one), one.defaultShown, one.context === 'postmaster' ? 'restart' : one.context, setWhere(one)]),
    ),
  )
  if (!isAll) remark(`Of ${found.settings.length} settings those that are not at their default: --all.`)
}

const ofHerd = ({ members, settings: all }: HerdSettings, isAll: boolean): void => {
  const rank = (one: ComparedSetting) => ['different', 'expected', 'same'].indexOf(one.group)
  const shown = all.filter(({ group }) => isAll || group === 'different').sort((a, b) => rank(a) - rank(b))
  if (shown.length === 0) print('The members do not differ.')
  else
    print(
      table(
        ['setting', 'group', ...members.map(({ title }) => clean(title))],
        shown.map((one) => [one.name, one.group, ...one.values.map((value) => (value === null ? null : shownOf(value)))]),
      ),
    )
  if (!isAll) remark('Only where members differ: --all shows everything that is not at its default somewhere.')
}

/** `--name max_wal_size --compare not --value 4GB`: over the fleet. */
const found = async (where: Where, args: Args, format: 'table' | 'json' | 'csv'): Promise<number> => {
  const question = questionOf(args, ['name', 'compare', 'value', 'environment', 'env', 'source', 'pending', 'page', 'per'])
  const environment = question.get('env')
  question.delete('env')
  if (environment !== null) question.set('environment', environment)
  mustBeEmpty(args)
  if (format === 'csv') {
    await pour(where, `/api/v1/settings?${question}&format=csv`)
    return exitCodes.done
  }
  const seen = await getJson<FoundSettings>(where, `/api/v1/settings?${question}`)
  if (format === 'json') printJson(seen)
  else {
    const rows = seen.items.map((one) => [one.title, one.role, one.name, shownOf(one), setWhere(one), `${one.seenAt.slice(0, 16)}Z`])
    print(table(['of', 'role', 'setting', 'value', 'set in', 'seen'], rows))
    remark(`${seen.items.length} of ${seen.total}, page ${seen.page}: --page N, --per N`)
  }
  return exitCodes.done
}

/**
 * `matriarch settings NAME [--all | --changes] [--now]` of an instance or of a herd's members side by side; `matriarch settings --name SETTING …` searches the fleet.
 */
export const settings = async (where: Where, args: Args): Promise<number> => {
  if (args.words.length === 0) return found(where, args, outputOf(args, ['table', 'json', 'csv']))
  const format = outputOf(args, ['table', 'json'])
  const [isAll, isChanges, isNow] = [takeFlag(args, 'all'), takeFlag(args, 'changes'), takeFlag(args, 'now')]
  if (isAll && isChanges) throw new UsageError('--all and --changes exclude each other.')
  const { kind, path } = await subjectOf(where, args, ['instance', 'herd'])
  const seen = await getJson<InstanceSettings | HerdSettings>(where, `${path}/settings${isNow ? '?look=now' : ''}`)
  if (format === 'json') printJson(isChanges ? seen.changes : seen)
  else if (isChanges) printChanges(seen.changes)
  else if (kind === 'herd') ofHerd(seen as HerdSettings, isAll)
  else ofInstance(seen as InstanceSettings, isAll)
  remarkLooks(kind === 'herd' ? (seen as HerdSettings).members : [seen as InstanceSettings])
  return exitCodes.done
}
