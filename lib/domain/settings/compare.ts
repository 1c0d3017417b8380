import { isExpectedToDiffer } from './setting'

export interface MemberValue {
  /** As pg_settings has it; null: the server has no such setting, or was never looked at. */
  value: string | null
  isPendingRestart: boolean
}

/** different: members disagree. expected: they do, and by their nature. same: all that were looked at have one value, and it is not the default somewhere. */
export type SettingGroup = 'different' | 'expected' | 'same'

/** Of one setting over the members that were looked at. A value that waits for a restart makes a difference, too: after it they might disagree, or agree no more. */
export const groupOf = (name: string, values: readonly MemberValue[]): SettingGroup => {
  const isOne =
    values.every(({ value }) => value === values[0]!.value) && values.every((one) => one.isPendingRestart === values[0]!.isPendingRestart)
  if (isOne) return 'same'
  return isExpectedToDiffer(name) ? 'expected' : 'different'
}

/** The value that most members have; null: none has more than another one, so none is the odd one out. */
export const usualValue = (values: readonly (string | null)[]): string | null | undefined => {
  const counts = new Map<string | null, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  const [first, second] = [...counts].sort((a, b) => b[1] - a[1])
  return first === undefined || second?.[1] === first[1] ? undefined : first[0]
}
