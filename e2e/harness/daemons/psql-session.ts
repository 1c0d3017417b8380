import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { join } from 'node:path'
import type { TestCluster } from './cluster'
import type { TestSshd } from './sshd'

export interface PsqlSession {
  pid: number
  /** Sends a statement and does not wait for its end. */
  send: (sql: string) => void
  /** Comes back when the server has answered all that was sent, error or not. */
  settled: () => Promise<void>
  close: () => Promise<void>
}

/** A client of a test's cluster with a transaction open, under the name of an application. */
export const psqlSession = async (sshd: TestSshd, cluster: TestCluster, application: string): Promise<PsqlSession> => {
  const { socketDirectory, port } = cluster.instance()
  const args = ['-X', '-A', '-t', '-q', '-h', socketDirectory, '-p', String(port), '-d', 'postgres']
  const child = spawn(join(cluster.bin, 'psql'), args, {
    uid: sshd.uid,
    gid: sshd.gid,
    cwd: '/',
    env: { ...process.env, PGAPPNAME: application, LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit')
  // The server ended it: what is written after that goes nowhere.
  child.stdin.on('error', () => {})
  const send = (sql: string) => void child.stdin.write(`${sql};\n`)
  send('begin')
  send('select pg_backend_pid()')
  const [first] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    pid: Number(first.toString().trim()),
    send,
    settled: async () => {
      child.stdin.write('\\echo settled\n')
      for await (const [chunk] of on(child.stdout, 'data', { close: ['close'] })) if (String(chunk).includes('settled')) return
      throw new Error(`psql as ${application} ended before it had answered.`)
    },
    close: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
