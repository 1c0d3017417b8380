import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { HostAddress, HostWorkRead } from '@/lib/ports'
import type { TestCluster } from './cluster'
import type { TestSshd } from './sshd'

const run = promisify(execFile)
const limits = { timeoutMs: 60_000 }

/** A script of `sh` as the account that the test's servers belong to; `values` are $1 and on. */
export const runAsOwner = ({ uid, gid }: TestSshd, script: string, ...values: string[]) =>
  run('sh', ['-ec', script, 'sh', ...values], { uid, gid, cwd: '/' })

export const sqlAsOwner = async (sshd: TestSshd, { port }: TestCluster, statement: string): Promise<string> => {
  const { stdout } = await runAsOwner(sshd, 'psql -XAtq -h "$1" -p "$2" -d postgres -c "$3"', sshd.folder, String(port), statement)
  return stdout.trim()
}

/** How work on a host ended. */
export const endOfWork = async (work: HostWorkRead, host: HostAddress, key: string) => {
  await expect.poll(async () => (await work.look(host, key, limits)).state, { timeout: 60_000, interval: 100 }).not.toBe('running')
  return work.look(host, key, limits)
}
