import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { startLab, testFleet, withLab } from '@/e2e/harness/lab'
import { inspectMachine } from '../machine/machine'
import { isRunning, markOf, mustRun, runCommand, until } from '../machine/processes'
import { commandEnvironment } from '../machine/programs.mjs'
import { Lab } from './lab'

const project = fileURLToPath(new URL('../../..', import.meta.url))
const folders: string[] = []
const owners: ChildProcess[] = []

afterEach(() => {
  for (const owner of owners.splice(0)) owner.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'matriarch-life-'))
  folders.push(folder)
  return folder
}

/** Another process that owns a lab: the command line's `up`. Resolves once the lab is up. */
async function startOwner(stateDir: string, argv: string[] = [process.execPath], root = project): Promise<ChildProcess> {
  const [program = '', ...first] = argv
  const owner = spawn(program, [...first, '--import', 'tsx', 'e2e/lab.ts', 'up', '--hosts', '2', '--state', stateDir], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  owners.push(owner)
  let said = ''
  owner.stdout?.on('data', (chunk: Buffer) => {
    said += chunk
  })
  owner.stderr?.on('data', (chunk: Buffer) => {
    said += chunk
  })
  await until(
    'the lab to be up',
    () => {
      if (owner.exitCode !== null) throw new Error(`The owner ended: ${said}`)
      return said.includes('Ctrl-C takes it down')
    },
    { timeoutMs: 90_000, everyMs: 50 },
  )
  return owner
}

/** Every process that lives in one of the lab's process namespaces, as this machine numbers them. */
function processesOf(stateDir: string): number[] {
  const supervisor = Number(readFileSync(join(stateDir, 'run/supervisor'), 'utf8').split(' ')[0])
  const inits = readdirSync(join(stateDir, 'run/hosts')).map((host) =>
    Number(readFileSync(join(stateDir, 'run/hosts', host, 'init'), 'utf8').split(' ')[0]),
  )
  const spaces = new Set([supervisor, ...inits].map((pid) => readlinkSync(`/proc/${pid}/ns/pid`)))
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        return spaces.has(readlinkSync(`/proc/${entry}/ns/pid`))
      } catch {
        return false
      }
    })
    .map(Number)
}

async function expectNothingLeft(stateDir: string, pids: number[]): Promise<void> {
  const marks = pids.map((pid) => markOf(pid)).filter((mark) => mark !== undefined)
  await until('every process of the lab to be gone', () => !marks.some(isRunning), { timeoutMs: 20_000 })
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(stateDir)
  expect((await mustRun(['ip', '-o', 'link'], { env: commandEnvironment() })).match(/\b(lab0|vl\d+-\d+)\b/)).toBeNull()
  const loops = await runCommand(['losetup', '--list', '--output', 'BACK-FILE'], { env: commandEnvironment() })
  expect(loops.stdout).not.toContain(stateDir)
}

test('kill -9 of the owner leaves no process, mount, interface or loop device', async () => {
  const stateDir = newFolder()
  const owner = await startOwner(stateDir)
  const pids = processesOf(stateDir)
  expect(pids.length).toBeGreaterThan(15)
  const visitor = (await Lab.open({ stateDir })).spawn(['sleep', '3600'])
  owners.push(visitor)
  owner.kill('SIGKILL')
  await expectNothingLeft(stateDir, pids)
})

test('kill -9 of the supervisor ends the whole lab, and the owner notices', async () => {
  const stateDir = newFolder()
  const owner = await startOwner(stateDir)
  const pids = processesOf(stateDir)
  process.kill(Number(readFileSync(join(stateDir, 'run/supervisor'), 'utf8').split(' ')[0]), 'SIGKILL')
  await until('the owner to end', () => owner.exitCode !== null, { timeoutMs: 20_000 })
  await expectNothingLeft(stateDir, pids)
})

test('Ctrl-C shuts the clusters down in order', async () => {
  const stateDir = newFolder()
  const owner = await startOwner(stateDir)
  const pids = processesOf(stateDir)
  owner.kill('SIGINT')
  await until('the owner to end', () => owner.exitCode !== null, { timeoutMs: 30_000 })
  await expectNothingLeft(stateDir, pids)
  const lab = await Lab.open({ stateDir })
  const log = lab.logs(lab.fleet.hosts[0]?.name ?? '', lab.fleet.herds[0]?.baseName)
  expect(log.trimEnd()).toMatch(/database system is shut down$/)
})

test('the start after a crash sweeps, and resumes the same hosts and data', async () => {
  const stateDir = newFolder()
  const owner = await startOwner(stateDir)
  const keys = (await Lab.open({ stateDir })).hostKeys()
  owner.kill('SIGKILL')
  await until('the owner to end', () => owner.exitCode !== null || owner.signalCode !== null, { timeoutMs: 20_000 })
  const lab = await Lab.open({ stateDir })
  try {
    await lab.up(lab.fleet)
    expect(lab.hostKeys()).toEqual(keys)
    const [herd] = lab.fleet.herds
    const answer = await lab.hosts.mustExec(herd?.members[0]?.host ?? '', [
      'psql',
      '-XAt',
      '-d',
      herd?.baseName ?? '',
      '-c',
      'select count(*) from item',
    ])
    expect(answer.trim()).toBe('500')
  } finally {
    await lab.destroy()
  }
})

test('a sweep spares a process that merely has the number of one of ours', async () => {
  const stateDir = newFolder()
  const stranger = spawn('sleep', ['3600'], { stdio: 'ignore' })
  owners.push(stranger)
  const mark = markOf(stranger.pid ?? 0)
  mkdirSync(join(stateDir, 'run'), { recursive: true })
  writeFileSync(join(stateDir, 'run/supervisor'), `${stranger.pid} ${(mark?.startTicks ?? 0) + 1}\n`)
  writeFileSync(join(stateDir, 'run/owner'), `${stranger.pid} ${(mark?.startTicks ?? 0) + 1}\n`)
  expect(await Lab.sweep(stateDir)).toBe(true)
  expect(existsSync(join(stateDir, 'run'))).toBe(false)
  expect(isRunning(mark)).toBe(true)
})

test("what the lab's visitors started is gone when the lab is", async () => {
  const { lab, close } = await startLab(testFleet({}, { idleHosts: ['one'] }))
  const file = lab.layout.at('grandchild')
  const visitor = lab.spawn(['bash', '-c', `sleep 3600 & echo $! >${file}.new; mv ${file}.new ${file}; wait`])
  owners.push(visitor)
  await until('the grandchild', () => existsSync(file), { timeoutMs: 20_000 })
  const grandchild = markOf(Number(readFileSync(file, 'utf8')))
  expect(isRunning(grandchild)).toBe(true)
  await close()
  await until('the grandchild to be gone', () => !isRunning(grandchild), { timeoutMs: 20_000 })
})

test('two labs with the same addresses run side by side and do not see each other', async () => {
  const fleet = testFleet({ orders: 'one > two' })
  await withLab(fleet, async (first) => {
    await withLab(fleet, async (second) => {
      expect(first.hostKeys()[0]?.publicKey).not.toBe(second.hostKeys()[0]?.publicKey)
      await first.hosts.mustExec('one', ['psql', '-qc', 'create table only_here ()'])
      expect((await second.hosts.exec('one', ['psql', '-qc', 'select from only_here'])).stderr).toContain('does not exist')
      await first.powerOff('one')
      expect((await second.ssh('one', ['hostname'])).stdout).toBe('one\n')
    })
  })
})

test('a lab has one owner, while others may steer it', async () => {
  const { lab, close } = await startLab(testFleet({}, { idleHosts: ['one'] }))
  try {
    const other = await Lab.open({ stateDir: lab.layout.state })
    await expect(other.up(lab.fleet)).rejects.toThrow(`This lab is up already; process ${process.pid} owns it.`)
    await other.powerOff('one')
    await other.powerOn('one')
    expect((await lab.hosts.exec('one', ['hostname'])).stdout).toBe('one\n')
  } finally {
    await close()
  }
})

test('a relay carries a browser from outside to what listens inside, and ends with its owner', async () => {
  const { lab, close } = await startLab(testFleet({}, { idleHosts: ['one'] }))
  try {
    const relay = await lab.relay({ listenHost: '127.0.0.1', listenPort: 0, target: { host: lab.host('one').address, port: 22 } })
    const banner = await runCommand(['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${relay.port} && head -c 7 <&3`])
    expect(banner.stdout).toBe('SSH-2.0')
    await relay.close()
    expect((await runCommand(['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${relay.port}`])).code).not.toBe(0)
  } finally {
    await close()
  }
})

test('a plain user brings the same lab up, and it leaves nothing either', async () => {
  const { isRootless } = await inspectMachine()
  const stateDir = newFolder()
  // As root, become nobody; the project may lie where nobody cannot look, so it is mounted where anyone can.
  const view = newFolder()
  const asNobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', process.execPath]
  const mounted = [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    `mount --bind "$0" "${view}" && cd "${view}" && exec "$@"`,
    project,
    ...asNobody,
  ]
  if (!isRootless) chownSync(stateDir, 65534, 65534)
  const owner = isRootless ? await startOwner(stateDir) : await startOwner(stateDir, mounted)
  const pids = processesOf(stateDir)
  expect(readFileSync(`/proc/${pids[0]}/status`, 'utf8')).toMatch(
    isRootless ? new RegExp(`^Uid:\\t${process.getuid?.()}\\t`, 'm') : /^Uid:\t65534\t/m,
  )
  owner.kill('SIGKILL')
  await expectNothingLeft(stateDir, pids)
})
