import { existsSync, readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { until } from '../machine/processes'
import type { Lab } from './lab'

let lab: Lab
let close: () => Promise<void>

beforeAll(async () => {
  ;({ lab, close } = await startLab(testFleet({ orders: 'one > two > three', billing: 'two > one' })))
})
afterAll(() => close())

const sql = async (host: string, port: number, query: string) =>
  (await lab.hosts.mustExec(host, ['psql', '-XAt', '-p', String(port), '-c', query])).trim()

describe('hosts', () => {
  test('each shows over SSH its own name and its own clusters only', async () => {
    for (const { name } of lab.fleet.hosts) {
      const { stdout } = await lab.ssh(name, ['hostname;', 'pg_lsclusters', '--no-header'])
      const [hostname, ...clusters] = stdout.trim().split('\n')
      expect(hostname).toBe(name)
      const own = lab.fleet.herds.filter((herd) => herd.members.some((member) => member.host === name)).map((herd) => herd.baseName)
      expect(clusters.map((line) => line.split(/\s+/)[1]).sort()).toEqual(own.sort())
    }
  })

  test('one neither sees the processes nor the files of another', async () => {
    await lab.hosts.mustExec('one', [
      'bash',
      '-c',
      'echo secret >/tmp/mine; echo secret >/var/lib/postgresql/mine; sleep 60 >/dev/null 2>&1 &',
    ])
    expect(await lab.hosts.mustExec('one', ['ps', '-eo', 'args'])).toContain('sleep 60')
    expect(await lab.hosts.mustExec('two', ['ps', '-eo', 'args'])).not.toContain('sleep 60')
    expect((await lab.hosts.exec('two', ['ls', '/tmp/mine', '/var/lib/postgresql/mine'])).code).not.toBe(0)
    lab.hosts.signal('one', 'SIGKILL', '^sleep 60')
  })

  test('nothing in the lab has a route out of it', async () => {
    for (const result of [await lab.run(['ip', 'route']), await lab.hosts.exec('one', ['ip', 'route'])])
      for (const route of result.stdout.trim().split('\n'))
        expect(route).toMatch(/^(198\.18\.0\.0\/16 |169\.254\.169\.254 dev \w+ scope link)/)
  })

  test("a host refuses a key that was not authorized and takes the console's once it is", async () => {
    const { privateKeyFile, publicKey } = await consoleKey()
    const { address } = lab.host('one')
    const attempt = () =>
      lab.run([
        'ssh',
        '-F',
        'none',
        '-i',
        privateKeyFile,
        ...'-o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'.split(' '),
        `postgres@${address}`,
        'true',
      ])
    expect((await attempt()).stderr).toContain('Permission denied')
    lab.authorize(publicKey)
    lab.authorize(publicKey)
    expect((await attempt()).code).toBe(0)
    expect(new Set(lab.hostKeys().map((one) => one.publicKey)).size).toBe(3)
  })

  test('pg_ctlcluster stops, starts and restarts a cluster over SSH', async () => {
    for (const verb of ['stop', 'start', 'restart', 'reload']) {
      const { code, stderr } = await lab.ssh('one', ['pg_ctlcluster', String(lab.fleet.postgresMajor), 'billing', verb])
      expect({ verb, code, stderr }).toMatchObject({ verb, code: 0 })
    }
  })

  test('the stand-in for systemctl steers clusters and says what it does not do', async () => {
    const unit = `postgresql@${lab.fleet.postgresMajor}-billing`
    const systemctl = async (...words: string[]) => {
      const { code, stdout, stderr } = await lab.ssh('one', ['systemctl', ...words])
      return { code, said: stdout.trim(), complained: stderr.trim() }
    }
    expect(await systemctl('is-active', unit)).toEqual({ code: 0, said: 'active', complained: '' })
    expect((await systemctl('stop', unit)).code).toBe(0)
    expect(await systemctl('is-active', unit)).toMatchObject({ code: 3, said: 'inactive' })
    expect(await systemctl('show', '-p', 'ActiveState', '--value', unit)).toMatchObject({ code: 0, said: 'inactive' })
    expect((await systemctl('start', unit)).code).toBe(0)
    expect(await systemctl('show', '--property=ActiveState,LoadState', unit)).toMatchObject({
      said: 'LoadState=loaded\nActiveState=active',
    })
    expect(await systemctl('start', 'nginx')).toMatchObject({ code: 5, complained: 'Failed to start nginx: Unit nginx not found.' })
    expect((await systemctl('edit', unit)).complained).toContain("does not do 'edit'")
  })

  test('the stand-in for systemd-run waits when told to, and says which options it drops', async () => {
    const waited = await lab.ssh('one', [
      'systemd-run',
      '--wait',
      '--collect',
      '--property',
      'MemoryMax=1G',
      '-E',
      'NAME=lab',
      'printenv',
      'NAME',
    ])
    expect(waited).toMatchObject({ code: 0, stdout: 'lab\n', stderr: 'systemd-run (lab stand-in): drops --property MemoryMax=1G\n' })
    await lab.ssh('one', ['systemd-run', '--quiet', 'touch', '/tmp/in-the-background'])
    await until('the command', async () => (await lab.hosts.exec('one', ['test', '-e', '/tmp/in-the-background'])).code === 0, {
      timeoutMs: 10_000,
    })
  })

  test('SSH gives a terminal, and carries PostgreSQL through its socket as postgres', async () => {
    const { address } = lab.host('one')
    const socket = lab.layout.at('.s.PGSQL.5432')
    const known =
      '-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ExitOnForwardFailure=yes'
    const ssh = ['ssh', '-F', 'none', '-i', lab.layout.at('lab_key'), ...known.split(' ')]
    expect((await lab.run([...ssh, '-tt', `postgres@${address}`, 'tty'])).stdout).toMatch(/^\/dev\/pts\/\d+\r\n/)
    const tunnel = lab.spawn([...ssh, '-N', '-L', `${socket}:/var/run/postgresql/.s.PGSQL.5432`, `postgres@${address}`], {
      stdio: 'ignore',
    })
    await until('the tunnel', () => existsSync(socket), { timeoutMs: 20_000 })
    const asked = await lab.run(['psql', '-XAt', '-h', lab.layout.state, '-U', 'postgres', '-c', 'show cluster_name'])
    tunnel.kill()
    expect(asked).toMatchObject({ code: 0, stdout: 'orders_one\n' })
  })

  test('a skewed clock is wrong over SSH and in PostgreSQL and right again after; without libfaketime the lab says what to install', async () => {
    const clocks = async () => {
      const { stdout } = await lab.ssh('three', ['date +%s; psql -XAtc "select extract(epoch from now())::bigint"'])
      return stdout
        .trim()
        .split('\n')
        .map((clock) => Math.round((Number(clock) * 1_000 - Date.now()) / 3_600_000) || 0) // No hour is 0, never -0.
    }
    const isInstalled = readdirSync('/usr/lib').some((arch) => existsSync(`/usr/lib/${arch}/faketime/libfaketime.so.1`))
    if (isInstalled) await lab.skew('three', 7_200)
    else await expect(lab.skew('three', 7_200)).rejects.toMatchObject({ hint: 'sudo apt-get install libfaketime' })
    expect(await clocks()).toEqual(isInstalled ? [2, 2] : [0, 0])
    await lab.skew('three', 0)
    expect(await clocks()).toEqual([0, 0])
  })

  test('the agent runs as postgres at once and again when asked, with the environment it was given', async () => {
    const script = '#!/bin/sh\necho "$(id -un) $GREETING" >>/var/log/postgresql/agent-was-here\n'
    const lines = async () =>
      (await lab.hosts.exec('two', ['cat', '/var/log/postgresql/agent-was-here'])).stdout.trim().split('\n').filter(Boolean)
    lab.installAgent('two', { script, env: { GREETING: "it's me" }, everySeconds: 3600 })
    await until('the first report', async () => (await lines()).length === 1, { timeoutMs: 20_000 })
    lab.runAgent('two')
    await until('the second report', async () => (await lines()).length === 2, { timeoutMs: 20_000 })
    expect(await lines()).toEqual(["postgres it's me", "postgres it's me"])
  })
})

describe('herds', () => {
  test('each has a system identifier of its own, shared by its members', async () => {
    const identifier = (host: string, port: number) => sql(host, port, 'select system_identifier from pg_control_system()')
    expect(await identifier('one', 5432)).toBe(await identifier('three', 5432))
    expect(await identifier('one', 5432)).not.toBe(await identifier('two', 5433))
  })

  test('standbys stream through their slots from the host they should, the cascade included', async () => {
    const followers = (host: string, port: number) =>
      sql(
        host,
        port,
        "select application_name || ' ' || state || ' ' || host(client_addr) || ' ' || slot_name from pg_stat_replication join pg_replication_slots on active_pid = pid",
      )
    expect(await followers('one', 5432)).toBe(`orders_two streaming ${lab.host('two').address} orders_two`)
    expect(await followers('two', 5432)).toBe(`orders_three streaming ${lab.host('three').address} orders_three`)
    expect(await followers('two', 5433)).toBe(`billing_one streaming ${lab.host('one').address} billing_one`)
  })

  test('what is written on the primary arrives at the end of the cascade', async () => {
    await sql('one', 5432, 'create table proof (n int); insert into proof values (42)')
    await until(
      'the row',
      async () => (await lab.hosts.exec('three', ['psql', '-XAt', '-c', 'select n from proof'])).stdout.trim() === '42',
      { timeoutMs: 30_000 },
    )
  })
})

describe('power', () => {
  test('a host without power answers nobody, and comes back with its data, its key and its clusters', async () => {
    const before = lab.hostKeys()
    await sql('one', 5433, 'select 1')
    await lab.powerOff('two')
    expect(lab.hosts.mark('two')).toBeUndefined()
    expect((await lab.ssh('two', ['true'])).code).toBe(255)
    await expect(lab.hosts.exec('two', ['true'])).rejects.toThrow('two is powered off')
    await lab.powerOn('two')
    expect(lab.hostKeys()).toEqual(before)
    expect(await sql('two', 5433, 'select pg_is_in_recovery()')).toBe('f')
    expect(lab.logs('two', 'billing')).toContain('database system was not properly shut down')
    const streams = async () => (await sql('two', 5433, 'select count(*) from pg_stat_replication')) === '1'
    await until('billing to stream again', streams, { timeoutMs: 30_000 })
  })

  test('a frozen process does not answer until it is thawed', async () => {
    lab.hosts.signal('two', 'SIGSTOP', 'postgres')
    await expect(lab.hosts.exec('two', ['psql', '-XAt', '-p', '5433', '-c', 'select 1'], { timeoutMs: 1_500 })).rejects.toThrow(
      'did not end within',
    )
    lab.hosts.signal('two', 'SIGCONT', 'postgres')
    expect(await sql('two', 5433, 'select 1')).toBe('1')
    expect(() => lab.hosts.signal('two', 'SIGSTOP', 'no-such-thing')).toThrow('No process on two matches')
  })
})

test('a lab that went down comes up again with the same data, keys and identifiers', async () => {
  const keys = lab.hostKeys()
  const identifier = await sql('one', 5432, 'select system_identifier from pg_control_system()')
  await lab.down()
  expect(lab.isUp).toBe(false)
  await lab.up(lab.fleet)
  expect(lab.hostKeys()).toEqual(keys)
  expect(await sql('one', 5432, 'select system_identifier from pg_control_system()')).toBe(identifier)
  expect(await sql('one', 5432, 'select n from proof')).toBe('42')
  expect(lab.logs('one', 'orders')).toContain('database system was shut down at')
})

async function consoleKey(): Promise<{ privateKeyFile: string; publicKey: string }> {
  const privateKeyFile = lab.layout.at('console_key')
  const { code } = await lab.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', privateKeyFile])
  expect(code).toBe(0)
  const { stdout } = await lab.run(['cat', `${privateKeyFile}.pub`])
  return { privateKeyFile, publicKey: stdout.trim() }
}
