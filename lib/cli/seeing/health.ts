import type { Health, HealthCheck } from '@/lib/shapes/health'
import { type Args, takeFlag } from '../args'
import { getJson, type Where } from '../client'
import { exitCodes } from '../exit-codes'
import { outputOf, print, printJson, remark } from '../output'
import { table } from '../table'
import { subjectOf } from './subject'

const columns = ['state', 'check', 'of', 'object', 'value', 'since', 'remedy']
const quiet = ['healthy', 'not-applicable', 'off']

/** What was found, or that nothing was, or that nobody could look. */
const rowsOf = (check: HealthCheck): unknown[][] => {
  const found = check.findings
    .filter(({ state }) => state !== 'watched')
    .map((one) => [
      one.state === 'unknown' ? `unknown, was ${one.was}` : one.state,
      check.title,
      one.title,
      [one.database, one.object].filter((part) => part !== '').join(': ') || null,
      one.shown,
      `${one.since.slice(0, 16)}Z`,
      one.remedy.operation?.title ?? one.remedy.text,
    ])
  if (found.length > 0) return found
  return [[check.state, check.title, null, null, null, null, check.looks.find(({ because }) => because !== null)?.because ?? null]]
}

/** `matriarch health NAME [--all] [--now] [-o table|json]` */
export const health = async (where: Where, args: Args): Promise<number> => {
  const format = outputOf(args, ['table', 'json'])
  const [isAll, isNow] = [takeFlag(args, 'all'), takeFlag(args, 'now')]
  const { path } = await subjectOf(where, args, ['instance', 'herd'])
  const found = await getJson<Health>(where, `${path}/health${isNow ? '?look=now' : ''}`)
  if (format === 'json') printJson(found)
  else {
    const shown = found.checks.filter(({ state }) => isAll || !quiet.includes(state))
    if (shown.length > 0) print(table(columns, shown.flatMap(rowsOf)))
    remark(`${found.title}: ${found.state}${shown.length < found.checks.length ? '; --all shows every check' : ''}.`)
  }
  if (found.because !== null) remark(`The look that was asked for saw nothing: ${found.because}`)
  if (!found.isOn) remark('Its environment does not want it looked at: what is shown is from before.')
  return exitCodes.done
}
