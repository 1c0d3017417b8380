import { counted } from '@/lib/domain/values/counted'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse } from '@/lib/kernel/operation/verdict'
import type { FileSettingProblem } from '@/lib/ports'

const shownMax = 3

export const filesParse = (problems: readonly FileSettingProblem[]): Verdict => {
  if (problems.length === 0) return pass
  const shown = problems
    .slice(0, shownMax)
    .map(({ file, line, name, error }) => `${file}:${line}${name === null ? '' : ` ${name}`}: ${error}`)
  const more = problems.length > shownMax ? `; and ${problems.length - shownMax} more` : ''
  return refuse(`${counted(problems.length, 'error')} in the configuration files: ${shown.join('; ')}${more}.`)
}
