import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type AgentReport, reportInput } from '@/lib/fields/agent-report'
import { projectRoot } from '@/lib/playground/setup.mjs'
import type { testAccount } from './daemons/sshd'

export const agent = join(projectRoot, 'public/agent/matriarch-report')
/** Every shell of this machine that a host may have as /bin/sh. */
export const shells = [['dash'], ['busybox', 'sh'], ['bash', '--posix']].filter(([name]) =>
  ['/bin', '/usr/bin'].some((folder) => existsSync(join(folder, name!))),
)

/** Where an agent runs: as whom, with which folders, and to whom it reports. */
export interface AgentHome {
  account: Awaited<ReturnType<typeof testAccount>>
  home: string
  state: string
  url: string
  /** Of the servers it looks at. */
  bin: string
}

interface Ran {
  code: number | null
  out: string
  err: string
}

/** Runs it to its end. What is in `environment` is added to what it has anyway. */
export const runAgent = (
  { account, home, state, url, bin }: AgentHome,
  args: string[],
  environment: Record<string, string>,
  shell: readonly string[],
): Promise<Ran> =>
  new Promise((resolve) => {
    const child = spawn(shell[0]!, [...shell.slice(1), agent, '--config', '/nonexistent', ...args], {
      uid: account.uid,
      gid: account.gid,
      cwd: '/',
      env: {
        PATH: process.env.PATH!,
        HOME: home,
        MATRIARCH_URL: url,
        MATRIARCH_STATE: state,
        MATRIARCH_SOCKET_DIRECTORIES: home,
        MATRIARCH_BIN_DIRECTORY: bin,
        ...environment,
      } as unknown as NodeJS.ProcessEnv,
    })
    const result: Ran = { code: null, out: '', err: '' }
    child.stdout.on('data', (text) => (result.out += text))
    child.stderr.on('data', (text) => (result.err += text))
    child.once('close', (code) => resolve({ ...result, code }))
  })

/** What it would send, held against what the API takes. */
export const printedBy = async (given: AgentHome, environment: Record<string, string>, shell: readonly string[]): Promise<AgentReport> => {
  const { out, err } = await runAgent(given, ['--print'], environment, shell)
  const parsed = reportInput.safeParse(JSON.parse(out))
  expect(parsed.error?.issues ?? [], err).toEqual([])
  return parsed.data!
}
