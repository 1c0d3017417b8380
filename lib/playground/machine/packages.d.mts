/** `patroni`: for the playground's cluster of Patroni. `bench`: for benches, scenarios and the crash matrix on real hosts. */
export type Purpose = 'playground' | 'patroni' | 'bench' | 'tests'

/** Debian packages that are missing, each once. An empty list means that nothing needs to be installed. */
export declare const missingPackages: (purpose: Purpose) => string[]
/** What an administrator types. */
export declare const installCommand: (packages: readonly string[]) => string
/** Installs what is missing as `installPackages` does. Resolves to the packages it installed. */
export declare const ensurePackages: (purpose: Purpose) => Promise<string[]>
/**
 * Installs Debian packages when this process is root or may use sudo without a password; otherwise fails with the exact command. No daemon of theirs
 * is started. May take minutes.
 */
export declare const installPackages: (missing: readonly string[]) => Promise<void>
