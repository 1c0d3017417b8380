import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import type { HostAddress, HostCheckStep } from '@/lib/ports'
import { openSsh, type Ssh } from '../ssh'
import { makeSshKey } from '../vault'
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

const check = async (host: HostAddress, from: Hosts = hosts, profile = 'debian') => {
  const heard: HostCheckStep[] = []
  const steps = await from.read.check(host, { timeoutMs: 20_000, profile, onStep: (step) => heard.push(step) })
  expect(heard).toEqual(steps)
  return Object.fromEntries(steps.map((step) => [step.name, step])) as Record<HostCheckStep['name'], HostCheckStep>
}
const verdicts = (steps: Record<string, HostCheckStep>) => Object.values(steps).map(({ verdict }) => verdict)

test('a good host passes what must pass, step by step, in the order of the page', async () => {
  const steps = await check(sshd.host())
  expect(Object.keys(steps)).toEqual(['reachable', 'host-key', 'login', 'user', 'binaries', 'versions', 'clusters', 'disk', 'clock'])
  for (const name of ['reachable', 'host-key', 'login', 'binaries', 'versions', 'clock'] as const) expect(steps[name].verdict).toBe('pass')
  expect(steps.versions.because).toMatch(/\d+\.\d+ in \//)
})

test('a host that does not answer fails the first step and skips the rest', async () => {
  const steps = await check(sshd.host({ port: await freePort() }))
  expect(verdicts(steps)).toEqual(['fail', ...Array(8).fill('skipped')])
  expect(steps.reachable.because).toContain('refused')
})

test('a host without a pinned key shows its key and how to compare it, and nothing runs there', async () => {
  const steps = await check(sshd.host({ hostKey: null }))
  expect(verdicts(steps)).toEqual(['pass', 'warn', ...Array(7).fill('skipped')])
  expect(steps['host-key'].because).toContain(sshd.hostKey)
  expect(steps['host-key'].because).toContain('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')
})

test('a host with another key than the pinned one fails there', async () => {
  const steps = await check(sshd.host({ hostKey: `SHA256:${'C'.repeat(43)}` }))
  expect(verdicts(steps)).toEqual(['pass', 'fail', ...Array(7).fill('skipped')])
  expect(steps['host-key'].because).toContain(sshd.hostKey)
})

test('a console key that is not authorised fails the login and says where to put it', async () => {
  const other = openSsh({ keyFor: async () => makeSshKey('somebody else').privateKey })
  const steps = await check(sshd.host(), makeHosts(other))
  await other.close()
  expect(verdicts(steps)).toEqual(['pass', 'pass', 'fail', ...Array(6).fill('skipped')])
  expect(steps.login.because).toContain('authorized_keys')
})

test('a profile that does not suit the host is said so', async () => {
  expect((await check(sshd.host(), hosts, 'generic')).binaries.verdict).toBe('warn')
  expect((await check(sshd.host(), hosts, 'solaris')).binaries.verdict).toBe('fail')
})

test('facts of a host: load, memory, the space under the data directories, the clock', async () => {
  const facts = await hosts.facts(sshd.host(), [sshd.folder, '/no/such/folder'], { timeoutMs: 20_000 })
  expect(facts.memoryBytes).toBeGreaterThan(1e8)
  expect(facts.diskFreeBytes).toBeGreaterThan(0)
  expect(facts.loadPerCpu).toBeGreaterThanOrEqual(0)
  expect(Math.abs(facts.clockOffsetSeconds!)).toBeLessThan(1)
  expect(facts.os).toBeTruthy()
})
