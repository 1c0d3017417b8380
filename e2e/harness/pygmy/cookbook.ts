import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from '@/lib/playground/setup.mjs'

const commandTimeoutMs = 60_000

/** Each a piece of shell, in the order of the file beside this one. */
export const commands: readonly string[] = [
  ...readFileSync(join(projectRoot, 'e2e/harness/pygmy/cookbook.md'), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```/gm),
].map(([, block]) => block!)

export interface Shell {
  /** Runs a piece of shell as it stands, but for the host; answers with what it printed. */
  run: (command: string) => Promise<string>
  close: () => void
}

/** A shell of somebody whose scripts talked to a pygmy: the token in `~/.curlrc` is all that was added. */
export const openShell = (url: string, token: string): Shell => {
  const home = mkdtempSync(join(tmpdir(), 'cookbook-'))
  writeFileSync(join(home, '.curlrc'), `header = "Authorization: Bearer ${token}"\nsilent\n`)
  return {
    run: async (command) =>
      (
        await promisify(execFile)('bash', ['-c', command.replaceAll('http://127.0.0.1:8000', url)], {
          env: { ...process.env, HOME: home },
          timeout: commandTimeoutMs,
        })
      ).stdout,
    close: () => rmSync(home, { recursive: true }),
  }
}
