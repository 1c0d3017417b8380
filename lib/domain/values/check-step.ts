/** One step of a check that a person follows. A step that cannot be looked at because an earlier one failed is `skipped`. */
export interface CheckStep<Name extends string = string, Verdict extends CheckVerdict = CheckVerdict> {
  name: Name
  title: string
  verdict: Verdict
  /** What was found, or what to do about it. */
  because: string
}

export type CheckVerdict = 'pass' | 'warn' | 'fail' | 'skipped'
