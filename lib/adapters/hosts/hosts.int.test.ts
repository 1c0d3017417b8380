import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { openSsh, type Ssh } from '../ssh'
import { type Hosts, makeHosts } from './index'
import { parseSurvey, surveyScript } from './survey'

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

test('WAL and tablespaces on file systems of their own are looked at as well', async () => {
  const elsewhere = mkdtempSync('/dev/shm/matriarch-')
  const data = `${sshd.folder}/data of a cluster`
  try {
    mkdirSync(`${data}/pg_tblspc`, { recursive: true })
    const mountsOf = async () => {
      const { stdout } = await ssh.exec(sshd.host(), ['sh', '-c', surveyScript, 'sh', 'facts', data], { timeoutMs: 20_000 })
      return parseSurvey(stdout).disks.map(({ mount }) => mount)
    }
    const before = await mountsOf()
    expect(before).toHaveLength(1)
    symlinkSync(elsewhere, `${data}/pg_wal`)
    expect(await mountsOf()).toEqual([...before, '/dev/shm'])
    rmSync(`${data}/pg_wal`)
    symlinkSync(elsewhere, `${data}/pg_tblspc/16400`)
    expect(await mountsOf()).toEqual([...before, '/dev/shm'])
  } finally {
    rmSync(elsewhere, { recursive: true })
    rmSync(data, { recursive: true })
  }
})
