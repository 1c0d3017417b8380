import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { openSsh, type Ssh } from '../ssh'
import { type Hosts, makeHosts } from './index'

let sshd: TestSshd
let ssh: Ssh
let hosts: Hosts
beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  hosts = makeHosts(ssh)
})
afterAll(async () => {
  await ssh.close()
  await sshd.stop()
})

const binariesFor = async (profile: string) =>
  (await hosts.read.check(sshd.host(), { timeoutMs: 20_000, profile })).find(({ name }) => name === 'binaries')!

test('a profile that does not suit the host is said so', async () => {
  expect((await binariesFor('generic')).verdict).toBe('warn')
  expect((await binariesFor('solaris')).verdict).toBe('fail')
})

test('facts of a host: load, memory, the space under the data directories, the clock', async () => {
  const facts = await hosts.facts(sshd.host(), [sshd.folder, '/no/such/folder'], { timeoutMs: 20_000 })
  expect(facts.memoryBytes).toBeGreaterThan(1e8)
  expect(facts.diskFreeBytes).toBeGreaterThan(0)
  expect(facts.loadPerCpu).toBeGreaterThanOrEqual(0)
  expect(Math.abs(facts.clockOffsetSeconds!)).toBeLessThan(1)
  expect(facts.os).toBeTruthy()
})
