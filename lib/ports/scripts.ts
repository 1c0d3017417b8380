/** How a script ended. */
export interface ScriptResult {
  /** null: a signal ended it. */
  exitCode: number | null
  signal: string | null
  /** It did not end in time: it was told to end, and killed with everything it had started where it did not. */
  isTimedOut: boolean
  /** What it wrote, both streams as they came: at most the first and last `scriptOutputBytes` / 2 bytes. */
  output: string
  /** The middle of the output is left out. */
  isCut: boolean
  tookMs: number
}

export const scriptOutputBytes = 16_384

export interface ScriptOptions {
  /** Beside the fixed few: PATH, HOME, LANG. */
  environment: Readonly<Record<string, string>>
  timeoutMs: number
  signal?: AbortSignal
}

/** Scripts of the operator’s in one directory of the worker’s own host, which only the environment of the worker names. */
export interface ScriptsRead {
  /** Why it would not be run; null: it would. Never throws for a bad file. */
  whyNot: (file: string) => Promise<string | null>
}

export interface ScriptsAct {
  /**
   * Runs it with these arguments, without a shell, in a process group of its own: nothing of that group is left when this returns. A script that fails or
   * takes too long is an answer. Throws `shell.failed` with `isOver` where it was not started, and `shell.cancelled` with `isOver` once it was ended.
   * Only a script whose worker died goes on alone.
   */
  run: (file: string, argv: readonly string[], options: ScriptOptions) => Promise<ScriptResult>
}
