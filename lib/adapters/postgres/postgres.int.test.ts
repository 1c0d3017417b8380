import { appendFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { freePort } from '@/e2e/harness/free-port'
import { until } from '@/lib/playground/machine/processes'
import type { Probe } from '@/lib/ports'
import { faultOf } from '../contract/caught'
import { caps, statementCases } from '../contract/statement-cases'
import { openSsh, type Ssh } from '../ssh'
import { makePostgres, type Postgres } from './index'

let sshd: TestSshd
let ssh: Ssh
let postgres: Postgres
let primary: TestCluster
let standby: TestCluster
const quick = { timeoutMs: 20_000 }

const look = (cluster: TestCluster) => postgres.read.probe(cluster.instance(), quick)
const lookUntil = (cluster: TestCluster, isSo: (probe: Probe) => boolean): Promise<Probe> =>
  until('it to come true', () => look(cluster).then((probe) => isSo(probe) && probe), { timeoutMs: 30_000, everyMs: 20 })

beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  postgres = makePostgres(ssh)
  primary = await makeCluster(sshd, 'alpha')
  standby = await makeCluster(sshd, 'beta', primary)
})
afterAll(async () => {
  postgres.close()
  await ssh.close()
  await dropCluster(standby)
  await dropCluster(primary)
  await sshd.stop()
})

describe('looking at a server that answers', () => {
  test('a primary shows its role, timeline, positions, standbys and slots', async () => {
    const probe = await lookUntil(primary, ({ standbys }) => standbys.some(({ state }) => state === 'streaming'))
    expect(probe).toMatchObject({
      state: 'online',
      role: 'primary',
      timeline: 1,
      because: null,
      maxConnections: 30,
      upstream: null,
      pendingRestart: [],
    })
    expect(probe.version).toMatch(/^\d+\.\d+$/)
    expect(probe.systemIdentifier).toMatch(/^\d{15,20}$/)
    expect(probe.currentLsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/)
    expect(probe.postmasterPid).toBe(primary.pid())
    expect(probe.standbys).toMatchObject([{ applicationName: 'beta', state: 'streaming', syncState: 'async', slotName: 'beta' }])
    expect(probe.slots).toMatchObject([{ name: 'beta', kind: 'physical', isActive: true }])
  })

  test('a standby shows whom it follows, what it received and replayed', async () => {
    const master = await look(primary)
    const probe = await lookUntil(standby, ({ receivedLsn, replayedLsn }) => receivedLsn !== null && receivedLsn === replayedLsn)
    expect(probe).toMatchObject({
      state: 'online',
      role: 'standby',
      timeline: 1,
      hasStandbySignal: true,
      currentLsn: null,
      replaySeconds: 0,
    })
    expect(probe.systemIdentifier).toBe(master.systemIdentifier)
    expect(probe.upstream).toEqual({
      host: sshd.folder,
      port: primary.port,
      slotName: 'beta',
      status: 'streaming',
      messageSecondsAgo: expect.any(Number),
    })
  })

  test('the console’s own sessions are not counted as clients', async () => {
    await look(primary)
    expect((await look(primary)).clients).toBe(0)
  })

  test('a second look uses the warm session', async () => {
    await look(primary)
    const sessions = postgres.sessions()
    const pidOf = async () =>
      (
        await postgres.read.query(
          primary.instance(),
          `select string_agg(pid::text, ',') from pg_stat_activity where application_name = 'matriarch' and pid <> pg_backend_pid()`,
          caps,
        )
      ).rows[0]![0]
    const before = await pidOf()
    await look(primary)
    expect(await pidOf()).toBe(before)
    expect(postgres.sessions()).toBe(sessions)
  })

  test('forty looks at once at one instance all answer', async () => {
    const probes = await Promise.all(Array.from({ length: 40 }, () => look(primary)))
    expect(probes.every(({ state }) => state === 'online')).toBe(true)
  })

  test('a setting that waits for a restart is named, and is no error of the files', async () => {
    primary.configure('max_connections = 31')
    await postgres.act.reload(primary.instance(), quick)
    await lookUntil(primary, ({ pendingRestart }) => pendingRestart.includes('max_connections'))
    expect(await postgres.read.fileSettings(primary.instance(), quick)).toEqual([])
    primary.configure('max_connections = 30')
    await postgres.act.reload(primary.instance(), quick)
    await lookUntil(primary, ({ pendingRestart }) => pendingRestart.length === 0)
  })

  test('errors of the configuration files come with file, line and name', async () => {
    primary.configure("work_mem = 'a lot'")
    const problems = await postgres.read.fileSettings(primary.instance(), quick)
    expect(problems).toMatchObject([{ file: join(primary.data, 'postgresql.conf'), name: 'work_mem' }])
    expect(problems[0]!.line).toBeGreaterThan(1)
    primary.configure('work_mem = 4MB')
  })
})

describe('looking at a server that does not', () => {
  test('a stopped instance is told from its files: clean shutdown, version, identifier', async () => {
    const before = await look(standby)
    await standby.ctl('stop', '-m', 'fast')
    expect(await look(standby)).toMatchObject({
      state: 'stopped',
      role: 'unknown',
      controlState: 'shut down in recovery',
      hasStandbySignal: true,
      systemIdentifier: before.systemIdentifier,
      postmasterPid: null,
      upstream: { host: sshd.folder, port: primary.port, slotName: 'beta', status: null },
    })
    await standby.ctl('start')
    expect((await look(standby)).state).toBe('online')
  })

  test('a killed instance is crashed, not stopped', async () => {
    process.kill(standby.pid(), 'SIGKILL')
    const probe = await lookUntil(standby, ({ state }) => state !== 'online' && state !== 'unknown' && state !== 'refused')
    expect(probe).toMatchObject({ state: 'crashed', controlState: 'in archive recovery', role: 'unknown' })
    await standby.ctl('start')
    await lookUntil(standby, ({ state }) => state === 'online')
  })

  test('a suspended server is unknown, and said to be suspended', async () => {
    process.kill(standby.pid(), 'SIGSTOP')
    try {
      // The warm session still answers from its own process; a new one needs the postmaster.
      const other = makePostgres(ssh)
      const probe = await other.read.probe(standby.instance(), { timeoutMs: 2000 })
      other.close()
      expect(probe.state).toBe('unknown')
      expect(probe.because).toContain('suspended')
      expect(probe.postmasterPid).toBe(standby.pid())
    } finally {
      process.kill(standby.pid(), 'SIGCONT')
    }
  })

  test('a missing data directory is absent', async () => {
    const instance = { ...primary.instance(), instanceId: 'x', port: await freePort(), dataDirectory: join(sshd.folder, 'nowhere') }
    expect(await postgres.read.probe(instance, quick)).toMatchObject({ state: 'absent', role: 'unknown' })
  })

  test('a server on another port than registered is unknown, and says which socket is missing', async () => {
    const instance = { ...primary.instance(), instanceId: 'y', port: await freePort() }
    const probe = await postgres.read.probe(instance, quick)
    expect(probe.state).toBe('unknown')
    expect(probe.because).toContain(`no socket for port ${instance.port}`)
  })

  test('a server that does not know our account is refused, and its files are still read', async () => {
    const hba = join(standby.data, 'pg_hba.conf')
    renameSync(hba, `${hba}.kept`)
    appendFileSync(hba, 'local all all reject\n')
    await standby.ctl('reload')
    const other = makePostgres(ssh)
    try {
      const limit = Date.now() + 20_000
      let probe = await other.read.probe({ ...standby.instance(), instanceId: 'z0' }, quick)
      for (let n = 1; probe.state === 'online' && Date.now() < limit; n += 1)
        probe = await other.read.probe({ ...standby.instance(), instanceId: `z${n}` }, quick)
      expect(probe).toMatchObject({ state: 'refused', role: 'unknown', controlState: 'in archive recovery', postmasterPid: standby.pid() })
      expect(probe.because).toContain('pg_hba.conf')
    } finally {
      other.close()
      rmSync(hba)
      renameSync(`${hba}.kept`, hba)
      await standby.ctl('reload')
    }
  })

  test('a host that does not answer makes the instance unreachable, with the reason and the code', async () => {
    const host = sshd.host({ port: await freePort(), serverId: 'gone' })
    const probe = await postgres.read.probe(primary.instance(host), quick)
    expect(probe).toMatchObject({ state: 'unreachable', role: 'unknown', hostFault: { code: 'shell.unreachable' } })
    expect(probe.because).toContain('refused')
  })

  test('a host that falls silent is known as unreachable well before the time of the look is over: it is asked beside its server, not after it', async () => {
    await look(primary)
    const resume = await sshd.freeze()
    const startedAt = performance.now()
    try {
      expect(await postgres.read.probe(primary.instance(), { timeoutMs: 5000 })).toMatchObject({ state: 'unreachable', role: 'unknown' })
      expect(performance.now() - startedAt).toBeLessThan(4500)
    } finally {
      resume()
    }
  })

  test('a changed host key makes it unknown and carries the key the host showed', async () => {
    const host = sshd.host({ hostKey: `SHA256:${'B'.repeat(43)}` })
    const probe = await postgres.read.probe(primary.instance(host), quick)
    expect(probe).toMatchObject({ state: 'unknown', hostFault: { code: 'shell.host-key-changed', offeredKey: sshd.hostKey } })
  })
})

describe('acting', () => {
  beforeEach(async () => {
    if ((await look(standby)).state !== 'online') await standby.ctl('start')
    await lookUntil(standby, ({ state }) => state === 'online')
  })

  test('stop and start, each an error when it is so already', async () => {
    await postgres.act.stop(standby.instance(), 'fast', quick)
    expect((await look(standby)).state).toBe('stopped')
    const again = await faultOf(postgres.act.stop(standby.instance(), 'fast', quick))
    expect(again).toMatchObject({ code: 'shell.failed', facts: { isOver: true } })
    await postgres.act.start(standby.instance(), quick)
    expect((await look(standby)).state).toBe('online')
    expect((await faultOf(postgres.act.start(standby.instance(), quick))).code).toBe('shell.failed')
  })

  test('a smart stop is not held up by the console’s own warm sessions, of this process or another, however long a session takes to open', async () => {
    const other = makePostgres(ssh)
    await other.read.probe(standby.instance(), quick)
    await look(standby)
    const forward: Ssh['forward'] = async (...given) => {
      await new Promise((resolve) => setTimeout(resolve, 600))
      return ssh.forward(...given)
    }
    const slow = makePostgres({ ...ssh, forward })
    await slow.act.stop(standby.instance(), 'smart', quick)
    expect((await look(standby)).state).toBe('stopped')
    for (const one of [other, slow]) one.close()
  })

  test('a start that fails says why in the server’s own words', async () => {
    await postgres.act.stop(standby.instance(), 'fast', quick)
    standby.configure("work_mem = 'a lot'")
    const fault = await faultOf(postgres.act.start(standby.instance(), quick))
    standby.configure('work_mem = 4MB')
    expect(fault.code).toBe('shell.failed')
    expect(fault.message).toContain('pg_ctl')
  })

  test('a reload moves the time of the last load and applies the new value', async () => {
    const before = await postgres.read.settings(primary.instance(), quick)
    primary.configure('work_mem = 5MB')
    await postgres.act.reload(primary.instance(), quick)
    const limit = Date.now() + 20_000
    let after = await postgres.read.settings(primary.instance(), quick)
    while (after.confLoadedAt <= before.serverTime && Date.now() < limit) after = await postgres.read.settings(primary.instance(), quick)
    expect(after.confLoadedAt > before.serverTime).toBe(true)
    expect(after.values.work_mem).toBe('5120')
  })

  test('a checkpoint is written', async () => {
    const before = (await postgres.read.query(primary.instance(), 'select checkpoint_lsn from pg_control_checkpoint()', caps)).rows
    await postgres.act.checkpoint(primary.instance(), quick)
    expect((await postgres.read.query(primary.instance(), 'select checkpoint_lsn from pg_control_checkpoint()', caps)).rows).not.toEqual(
      before,
    )
  })
})

statementCases(() => ({ postgres, primary: primary.instance() }))

describe('where sshd does not forward to sockets', () => {
  test('looks, reload and checkpoint go through psql; statements of people are refused with the reason', async () => {
    const strict = await startSshd({ lines: ['AllowStreamLocalForwarding no'] })
    const own = openSsh({ keyFor: async () => strict.privateKey })
    const viaPsql = makePostgres(own)
    const instance = primary.instance(strict.host())
    try {
      const probe = await viaPsql.read.probe(instance, quick)
      expect(probe).toMatchObject({ state: 'online', role: 'primary', postmasterPid: primary.pid() })
      await viaPsql.act.reload(instance, quick)
      await viaPsql.act.checkpoint(instance, quick)
      expect((await viaPsql.read.settings(instance, quick)).values.port).toBe(String(primary.port))
      const fault = await faultOf(viaPsql.read.query(instance, 'select 1', caps))
      expect(fault.message).toContain('AllowStreamLocalForwarding')
      const down = await viaPsql.read.probe({ ...instance, port: await freePort() }, quick)
      expect(down.because).toContain('no socket')
    } finally {
      viaPsql.close()
      await own.close()
      await strict.stop()
    }
  })
})
