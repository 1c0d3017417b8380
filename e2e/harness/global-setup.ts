import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Brings the whole product up once for all browser tests; specs read what it is from `MATRIARCH_E2E`, which may also name a stack that runs already. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  if (process.env.MATRIARCH_E2E) return async () => {}
  const stateDirectory = mkdtempSync(join(tmpdir(), 'mat-e2e-'))
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'stack-process.ts'), stateDirectory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  process.env.MATRIARCH_E2E = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', (code) => reject(new Error(`The product did not come up (${code}); see above and ${stateDirectory}/log.`)))
  })
  return async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.stdin.end()
    await ended
    rmSync(stateDirectory, { recursive: true, force: true })
  }
}
