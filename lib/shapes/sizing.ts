/** What a sizing rule would have decided in the last days. */
export interface DryRunShown {
  /** ISO times. */
  from: string
  to: string
  /** In order of time. */
  decisions: { at: string; outcome: 'resized' | 'no-change' | 'not-met' | 'unknown' | 'held'; because: string }[]
  /** Names of the rules that were taken into account besides. */
  with: string[]
  /** null: a price is not known. */
  savedUsd: number | null
  /** More came than are judged at once. */
  isCut: boolean
}

export const dryRunDays = { min: 1, max: 31 } as const
