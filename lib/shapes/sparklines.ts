/** The last day of some figures, for the rows of a list. */
export interface Sparklines {
  /** Seconds since 1970. */
  from: number
  stepSeconds: number
  /** By id of the row, then by name of the column: one figure for each step from `from` on; null: not known. What is not there may not be seen. */
  rows: Record<string, Record<string, (number | null)[]>>
}
