import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { authorizedLine } from '@/lib/domain/values/authorized-key'
import { Fault } from '@/lib/kernel/ground/errors'
import { faultOf } from '../contract/caught'
import { makeSshKey } from '../vault'
import { connectSsh } from './connect'
import { machineIdIn } from './identity'
import { openSsh, type Ssh, type SshOptions } from './index'

let sshd: TestSshd
const quick = { timeoutMs: 20_000 }
const opened: Ssh[] = []
const open = (options: Partial<SshOptions> = {}): Ssh => {
  const made = openSsh({ keyFor: async () => sshd.privateKey, backOffMs: 1, ...options })
  opened.push(made)
  return made
}
beforeAll(async () => {
  sshd = await startSshd()
})
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()))
  await sshd.stop()
})

const own = readFileSync('/etc/machine-id', 'utf8').trim()

test('nothing runs on a machine before it was recognised, and nothing at all on one that was not', async () => {
  const asked: string[] = []
  let isKnown = false
  const ssh = open({
    recognise: async ({ serverId }, machineId) => {
      asked.push(`${serverId} ${machineId}`)
      if (!isKnown) throw new Fault('shell.machine-changed', { isOver: true, because: 'Another machine.' })
    },
  })
  const mark = join(sshd.folder, 'mark')
  const attempts = [
    () => ssh.exec(sshd.host(), ['touch', mark], quick),
    () => ssh.forward(sshd.host(), join(sshd.folder, 'nothing'), quick),
    () => ssh.reach(sshd.host(), quick),
  ]
  for (const attempt of attempts) expect(await faultOf(attempt())).toMatchObject({ code: 'shell.machine-changed' })
  expect((await open().exec(sshd.host(), ['ls', mark], quick)).exitCode).not.toBe(0)
  expect(asked).toEqual(attempts.map(() => `${sshd.host().serverId} ${own}`))
  isKnown = true
  expect((await ssh.exec(sshd.host(), ['touch', mark], quick)).exitCode).toBe(0)
  expect((await ssh.exec(sshd.host(), ['ls', mark], quick)).exitCode).toBe(0)
  expect(asked).toHaveLength(attempts.length + 1)
})

test('a machine is told by its machine-id, else by all its host keys in any order, and by nothing else', () => {
  expect(machineIdIn(`id=${own}\n`)).toBe(own)
  const keys = ['key=ssh-rsa AAAA root@a', 'key=ssh-ed25519 BBBB root@a']
  const byKeys = machineIdIn(keys.join('\n'))
  expect(byKeys).toMatch(/^keys:[0-9a-f]{64}$/)
  expect(machineIdIn(['id=uninitialized', ...keys.reverse().map((key) => key.replace('root@a', 'renamed'))].join('\n'))).toBe(byKeys)
  expect(machineIdIn('key=ssh-rsa CCCC')).not.toBe(byKeys)
  for (const silent of ['', 'id=\n', `id=${'0'.repeat(32)}`, 'hello']) expect(machineIdIn(silent)).toBeNull()
})

test('the line for authorized_keys lets commands and sockets through, and no terminal, and nobody from another address', async () => {
  const key = makeSshKey('matriarch')
  const file = join(sshd.folder, 'authorized_keys')
  const before = readFileSync(file, 'utf8')
  const socket = join(sshd.folder, 'socket')
  const listening = createServer((connection) => connection.end('hello'))
  try {
    writeFileSync(file, `${before}${authorizedLine(key.publicKey, '127.0.0.1,10.0.0.0/8')}\n`)
    const ssh = open({ keyFor: async () => key.privateKey })
    expect((await ssh.exec(sshd.host(), ['echo', 'ok'], quick)).stdout).toBe('ok\n')
    await new Promise<void>((resolve) => listening.listen(socket, resolve))
    chmodSync(socket, 0o777)
    const stream = await ssh.forward(sshd.host(), socket, quick)
    expect(String((await stream.toArray()).join(''))).toBe('hello')

    const client = await connectSsh(sshd.host(), key.privateKey, { connectTimeoutMs: 5000, keepaliveIntervalMs: 0, keepaliveCountMax: 0 })
    const refusal = (start: (done: (error: Error | undefined) => void) => void) =>
      new Promise<string | null>((resolve) => start((error) => resolve(error?.message ?? null)))
    expect(await refusal((done) => client.exec('true', { pty: true }, done))).not.toBeNull()
    client.destroy()

    writeFileSync(file, `${before}${authorizedLine(key.publicKey, '10.0.0.0/8')}\n`)
    expect(await open().accepts(sshd.host(), key.privateKey, quick)).toBe(false)
    expect(await open().accepts(sshd.host(), sshd.privateKey, quick)).toBe(true)
  } finally {
    writeFileSync(file, before)
    listening.close()
  }
})
