export declare const searchPath: string[]
/** Its path, or undefined when it is not installed. */
export declare function findProgram(name: string): string | undefined
/** Majors of the distribution's PostgreSQL, newest first. */
export declare function installedMajors(): number[]
export declare function commandEnvironment(): NodeJS.ProcessEnv
/** Runs to the end with what it said kept, without holding up whatever else this process does meanwhile. `code` null: a signal ended it. */
export declare const collect: (
  file: string,
  args: readonly string[],
  options?: import('node:child_process').SpawnOptions,
) => Promise<{ code: number | null; output: string }>
