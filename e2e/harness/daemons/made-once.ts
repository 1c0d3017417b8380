import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Names the folder where a run of all tests keeps what is made once. */
const variable = 'MATRIARCH_MADE_ONCE'

/** Vitest's global set-up: what test files ask `madeOnce` for lives as long as the run. */
export default function keepMadeOnce(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'monce-'))
  chmodSync(folder, 0o755) // Servers do not run as root.
  process.env[variable] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}

/**
 * Fills the empty folder `target` with what `make` puts into a folder. Within a run of tests `make` is called once for a name, whichever process comes
 * first, and everybody gets a copy; elsewhere it is called on `target` itself. What it leaves must neither run nor know where it lies.
 */
export const madeOnce = async (name: string, target: string, make: (folder: string) => Promise<void>): Promise<void> => {
  const all = process.env[variable]
  if (!all) return make(target)
  const made = join(all, name)
  while (!existsSync(made)) if (!(await makeFirst(made, make))) await sleep(50)
  await run('cp', ['-a', '--reflink=auto', `${made}/.`, target])
}

/** False when another process is at it. Throws what `make` throws; the next caller then tries again. */
const makeFirst = async (made: string, make: (folder: string) => Promise<void>): Promise<boolean> => {
  const begun = `${made}.new`
  try {
    mkdirSync(begun)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  try {
    await make(begun)
    renameSync(begun, made)
    return true
  } catch (error) {
    rmSync(begun, { recursive: true, force: true })
    throw error
  }
}
