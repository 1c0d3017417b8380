import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { hostWorkContract } from '../contract/host-work-contract'
import { openSsh, type Ssh } from '../ssh'
import { makeHostWork } from './host-work'

const run = promisify(execFile)
const limits = { timeoutMs: 60_000 }

hostWorkContract('over SSH', async () => {
  const sshd = await startSshd()
  const ssh = openSsh({ keyFor: async () => sshd.privateKey })
  const { read, act } = makeHostWork(ssh)
  return {
    ports: { read: { work: read }, act: { work: act } },
    host: sshd.host(),
    commands: {
      failing: ['sh', '-c', 'echo half way >&2; exit 3'],
      endless: ['sh', '-c', 'echo at work; while :; do sleep 1000; done'],
    },
    stop: async () => {
      await ssh.close()
      await sshd.stop()
    },
  }
})

let sshd: TestSshd
let ssh: Ssh
let work: ReturnType<typeof makeHostWork>
const stateOf = (key: string) => join(sshd.folder, 'state/matriarch/long', key)
const isThere = async (marker: string) => (await run('ps', ['-eo', 'args='])).stdout.includes(marker)
const until = (key: string, seen: object) =>
  expect.poll(() => work.read.look(sshd.host(), key, limits), { timeout: 60_000, interval: 100 }).toMatchObject(seen)

beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  work = makeHostWork(ssh)
})
afterAll(async () => {
  await ssh.close()
  await sshd.stop()
})

test('work goes on when the connection and sshd itself are gone, and is found by its key afterwards', async () => {
  const gate = join(sshd.folder, 'gate')
  await run('mkfifo', ['-m', '666', gate])
  await work.act.launch(sshd.host(), 'outlives', ['sh', '-c', 'read -r word <"$1"; echo "heard $word"', 'sh', gate], limits)
  await sshd.restart()
  await until('outlives', { state: 'running' })
  const waited = work.read.look(sshd.host(), 'outlives', { ...limits, waitMs: 600_000 })
  writeFileSync(gate, 'it\n')
  expect(await waited).toMatchObject({ state: 'ended', exitCode: 0, tail: 'heard it\n' })
})

test('work is ended with children that do not listen, and none of them is left', async () => {
  const marker = `300${Date.now()}`
  const stubborn = 'trap "" TERM; sh -c \'trap "" TERM; sleep "$1"; sleep "$1"\' sh "$1" & sleep "$1"; wait'
  await work.act.launch(sshd.host(), 'stubborn', ['sh', '-c', stubborn, 'sh', marker], limits)
  await expect.poll(() => isThere(`sleep ${marker}`), { timeout: 30_000 }).toBe(true)
  await work.act.end(sshd.host(), 'stubborn', limits)
  expect(await isThere(marker)).toBe(false)
  expect(['ended', 'lost']).toContain((await work.read.look(sshd.host(), 'stubborn', limits)).state)
})

test('work whose host went down is lost, and the process that got its number later is neither it nor ended', async () => {
  await work.act.launch(sshd.host(), 'rebooted', ['sleep', '1000'], limits)
  const process = join(stateOf('rebooted'), 'process')
  const read = async () => (await run('cat', [process])).stdout.trim().split(' ')
  const [boot, pid, born, started] = await read()
  writeFileSync(process, `${boot} ${pid} ${Number(born) - 1} ${started}\n`)
  expect(await work.read.look(sshd.host(), 'rebooted', limits)).toMatchObject({ state: 'lost', exitCode: null })
  await work.act.end(sshd.host(), 'rebooted', limits)
  writeFileSync(process, `another-boot ${pid} ${born} ${started}\n`)
  expect((await work.read.look(sshd.host(), 'rebooted', limits)).state).toBe('lost')
  writeFileSync(process, `${boot} ${pid} ${born} ${started}\n`)
  expect((await work.read.look(sshd.host(), 'rebooted', limits)).state).toBe('running')
  await work.act.end(sshd.host(), 'rebooted', limits)
})

test('arguments arrive as they are', async () => {
  const odd = `it's $(date) "x" \\ ünï *`
  await work.act.launch(sshd.host(), 'odd', ['printf', '%s', odd], limits)
  await until('odd', { state: 'ended', exitCode: 0, tail: `${odd}\n` })
})

test('what work writes is kept to its last half MiB or more, and never fills the disk', async () => {
  const script = 'i=0; line=$(printf %0200d 0); while [ $i -lt 9000 ]; do echo "$line $i"; i=$((i + 1)); done'
  await work.act.launch(sshd.host(), 'chatty', ['sh', '-c', script], limits)
  await until('chatty', { state: 'ended', exitCode: 0 })
  expect((await work.read.look(sshd.host(), 'chatty', limits)).tail).toMatch(/ 8999\n$/)
  const { stdout } = await run('du', ['-sb', stateOf('chatty')])
  expect(Number(stdout.split('\t')[0])).toBeLessThan(1_200_000)
})
