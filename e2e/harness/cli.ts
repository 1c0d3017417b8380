import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from '@/lib/playground/setup.mjs'

export interface CliPlace {
  url: string
  token: string
  /** Where it keeps its login. */
  home: string
}

interface Given {
  input?: string
  environment?: Record<string, string>
  /** Called with all of standard output each time there is more; `end` stops the program as Ctrl-C does. */
  onOut?: (out: string, end: () => void) => void
}

/** One run of `npx matriarch`, as a process of its own. */
export const runCli = (
  place: CliPlace,
  args: readonly string[],
  { input = '', environment = {}, onOut }: Given = {},
): Promise<{ code: number | null; out: string; err: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(projectRoot, 'lib/cli/bin.mjs'), ...args], {
      env: {
        PATH: process.env.PATH!,
        HOME: place.home,
        MATRIARCH_URL: place.url,
        MATRIARCH_TOKEN: place.token,
        ...environment,
      } as unknown as NodeJS.ProcessEnv,
    })
    const result = { code: null as number | null, out: '', err: '' }
    child.stdout.on('data', (text) => {
      result.out += text
      onOut?.(result.out, () => child.kill('SIGINT'))
    })
    child.stderr.on('data', (text) => (result.err += text))
    child.once('close', (code) => resolve({ ...result, code }))
    child.stdin.end(input)
  })
