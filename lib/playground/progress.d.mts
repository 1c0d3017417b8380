export interface Progress {
  /** Says that `work` is under way, unless it is over at once, and when it ends how long it took. Resolves and rejects as `work` does. */
  step: <T>(name: string, work: Promise<T>) => Promise<T>
  line: (text: string) => void
  elapsedMs: () => number
}
/** Begins to count now. */
export declare const makeProgress: (say?: (line: string) => void) => Progress
