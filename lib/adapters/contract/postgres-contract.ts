import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { InstanceAddress, SomePorts } from '@/lib/ports'

/** A herd of two that the suite may do anything with. It leaves both running. */
export interface ContractFleet {
  ports: SomePorts<'postgres'>
  primary: InstanceAddress
  /** Streams from the primary. */
  standby: InstanceAddress
  /** Sets one setting in the configuration files of an instance; null takes it out again. Nothing is reloaded. */
  configure: (instance: InstanceAddress, name: string, value: string | null) => Promise<void>
  /** Puts a line into the files that does not parse; the answer takes it out again. */
  breakFiles: (instance: InstanceAddress) => Promise<() => Promise<void>>
  /** Makes the host of an instance unreachable; the answer brings it back. */
  cutOff: (instance: InstanceAddress) => Promise<() => Promise<void>>
  stop: () => Promise<void>
}

const limits = { timeoutMs: 60_000 }
const asking = { database: 'postgres', statementTimeoutMs: 10_000, rowsMax: 100, bytesMax: 1_000_000 }
const noMark = async () => {}

/**
 * What every implementation of the PostgreSQL ports keeps: the twin in memory and the real one over SSH. Call it at the top level of a test file;
 * `makeFleet` runs once, the tests in order on the one fleet.
 */
export const postgresContract = (name: string, makeFleet: () => Promise<ContractFleet>): void => {
  describe(`the PostgreSQL ports: ${name}`, () => {
    let fleet: ContractFleet
    beforeAll(async () => {
      fleet = await makeFleet()
    })
    afterAll(() => fleet?.stop())

    const probe = (instance: InstanceAddress) => fleet.ports.read.postgres.probe(instance, limits)
    const ask = (instance: InstanceAddress, sql: string, options = {}) =>
      fleet.ports.read.postgres.query(instance, sql, { ...asking, ...options })
    const write = (instance: InstanceAddress, sql: string, onTransaction: (xid: string) => Promise<void> = noMark) =>
      fleet.ports.act.postgres.execute(instance, sql, { ...asking, onTransaction })
    const untilStreaming = () =>
      expect.poll(async () => (await probe(fleet.standby)).upstream?.status, { timeout: 60_000 }).toBe('streaming')

    test('a running primary is seen as one, with who follows it', async () => {
      await untilStreaming()
      const seen = await probe(fleet.primary)
      expect(seen).toMatchObject({
        state: 'online',
        role: 'primary',
        because: null,
        controlState: 'in production',
        hasStandbySignal: false,
      })
      expect(seen.version).toMatch(/^\d+(\.\d+)+/)
      expect(seen.systemIdentifier).toMatch(/^\d+$/)
      expect(seen.postmasterPid).toBeGreaterThan(0)
      expect(Date.parse(seen.postmasterStartedAt ?? '')).not.toBeNaN()
      expect(seen.currentLsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/)
      expect(seen.standbys.map((one) => one.state)).toEqual(['streaming'])
    })

    test('a running standby is seen as one, of the same system and timeline, with its upstream', async () => {
      const [primary, standby] = [await probe(fleet.primary), await probe(fleet.standby)]
      expect(standby).toMatchObject({
        state: 'online',
        role: 'standby',
        controlState: 'in archive recovery',
        upstream: { port: fleet.primary.port },
      })
      expect([standby.systemIdentifier, standby.timeline]).toEqual([primary.systemIdentifier, primary.timeline])
      expect([standby.currentLsn, standby.receivedLsn === null]).toEqual([null, false])
    })

    test('starting a running server is an error that changes nothing', async () => {
      const before = await probe(fleet.standby)
      await expect(fleet.ports.act.postgres.start(fleet.standby, limits)).rejects.toMatchObject({
        code: 'shell.failed',
        facts: { isOver: true },
      })
      expect((await probe(fleet.standby)).postmasterPid).toBe(before.postmasterPid)
    })

    test('a server that was stopped fast is shut down by its control file; a second stop is an error; a start is a new postmaster', async () => {
      const before = await probe(fleet.standby)
      await fleet.ports.act.postgres.stop(fleet.standby, 'fast', limits)
      const down = await probe(fleet.standby)
      expect(down).toMatchObject({
        state: 'stopped',
        role: 'unknown',
        controlState: 'shut down in recovery',
        hasStandbySignal: true,
        postmasterPid: null,
      })
      expect([down.systemIdentifier, down.because === null]).toEqual([before.systemIdentifier, false])
      await expect(fleet.ports.act.postgres.stop(fleet.standby, 'fast', limits)).rejects.toMatchObject({
        code: 'shell.failed',
        facts: { isOver: true },
      })
      await fleet.ports.act.postgres.start(fleet.standby, limits)
      const up = await probe(fleet.standby)
      expect([up.state, up.postmasterPid === before.postmasterPid, up.postmasterStartedAt === before.postmasterStartedAt]).toEqual([
        'online',
        false,
        false,
      ])
    })

    test('what needs a running server fails on a stopped one without touching it', async () => {
      await fleet.ports.act.postgres.stop(fleet.standby, 'fast', limits)
      const { postgres } = fleet.ports.read
      for (const call of [
        () => ask(fleet.standby, 'select 1'),
        () => postgres.fileSettings(fleet.standby, limits),
        () => postgres.settings(fleet.standby, limits),
        () => write(fleet.standby, 'select 1'),
        () => fleet.ports.act.postgres.checkpoint(fleet.standby, limits),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'sql.unreachable' })
      await fleet.ports.act.postgres.start(fleet.standby, limits)
    })

    test('a server that was stopped at once has crashed, and recovers when it starts', async () => {
      await fleet.ports.act.postgres.stop(fleet.standby, 'immediate', limits)
      expect(await probe(fleet.standby)).toMatchObject({ state: 'crashed', controlState: 'in archive recovery' })
      await fleet.ports.act.postgres.start(fleet.standby, limits)
      expect((await probe(fleet.standby)).state).toBe('online')
    })

    test('a reload moves the load time past the server’s own clock, and the new value is there', async () => {
      const before = await fleet.ports.read.postgres.settings(fleet.primary, limits)
      await fleet.configure(fleet.primary, 'work_mem', '7MB')
      await fleet.ports.act.postgres.reload(fleet.primary, limits)
      const settings = () => fleet.ports.read.postgres.settings(fleet.primary, limits)
      await expect.poll(async () => (await settings()).confLoadedAt > before.serverTime, { timeout: 30_000 }).toBe(true)
      const after = await settings()
      expect(after.values.work_mem).not.toBe(before.values.work_mem)
      expect(
        [before, after]
          .flatMap((one) => [one.confLoadedAt, one.serverTime])
          .every((at) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(at)),
      ).toBe(true)
      await fleet.configure(fleet.primary, 'work_mem', null)
      await fleet.ports.act.postgres.reload(fleet.primary, limits)
    })

    test('a setting that waits for a restart is pending and no error of the files', async () => {
      await fleet.configure(fleet.standby, 'shared_buffers', '64MB')
      await fleet.ports.act.postgres.reload(fleet.standby, limits)
      await expect
        .poll(async () => (await fleet.ports.read.postgres.settings(fleet.standby, limits)).pendingRestart, { timeout: 30_000 })
        .toEqual(['shared_buffers'])
      expect(await fleet.ports.read.postgres.fileSettings(fleet.standby, limits)).toEqual([])
      await fleet.configure(fleet.standby, 'shared_buffers', null)
      await fleet.ports.act.postgres.reload(fleet.standby, limits)
    })

    test('a line that does not parse is an error with its place', async () => {
      const mend = await fleet.breakFiles(fleet.primary)
      const [problem] = await fleet.ports.read.postgres.fileSettings(fleet.primary, limits)
      expect(problem).toMatchObject({ file: expect.stringMatching(/\.conf$/), line: expect.any(Number), error: expect.stringMatching(/./) })
      await mend()
      expect(await fleet.ports.read.postgres.fileSettings(fleet.primary, limits)).toEqual([])
    })

    test('a query is read-only, gives text, and says when rows were left out', async () => {
      await expect(ask(fleet.primary, 'create table matriarch_contract (a int)')).rejects.toMatchObject({ code: 'sql.failed' })
      const grid = await ask(fleet.primary, 'select * from generate_series(1, 5) as a', { rowsMax: 2 })
      expect(grid).toMatchObject({ columns: ['a'], rows: [['1'], ['2']], isCut: true })
      await expect(ask(fleet.primary, 'select nonsense')).rejects.toMatchObject({ code: 'sql.failed' })
    })

    test('a statement is committed, its transaction told before it is sent, and its fate can be asked for', async () => {
      const xids: string[] = []
      await write(fleet.primary, 'create table matriarch_contract (a int)', async (xid) => {
        const there = await ask(fleet.primary, "select to_regclass('matriarch_contract')")
        expect(there.rows).toEqual([[null]])
        xids.push(xid)
      })
      expect((await ask(fleet.primary, "select to_regclass('matriarch_contract')")).rows).toEqual([['matriarch_contract']])
      expect(await fleet.ports.read.postgres.transactionFate(fleet.primary, xids[0]!, limits)).toBe('committed')
    })

    test('a statement whose transaction could not be noted is never sent, and a failed one is rolled back', async () => {
      const xids: string[] = []
      const refuse = async (xid: string) => {
        xids.push(xid)
        throw new Error('the journal is gone')
      }
      await expect(write(fleet.primary, 'drop table matriarch_contract', refuse)).rejects.toThrow()
      await expect(write(fleet.primary, 'insert into nowhere values (1)', async (xid) => void xids.push(xid))).rejects.toMatchObject({
        code: 'sql.failed',
      })
      expect((await ask(fleet.primary, "select to_regclass('matriarch_contract')")).rows).toEqual([['matriarch_contract']])
      const fate = (xid: string) => fleet.ports.read.postgres.transactionFate(fleet.primary, xid, limits)
      await expect.poll(() => Promise.all(xids.map(fate)), { timeout: 30_000 }).toEqual(['aborted', 'aborted'])
      await write(fleet.primary, 'drop table matriarch_contract')
    })

    test('the databases of primary and standby have a size, which takes no session of the looks', async () => {
      for (const instance of [fleet.primary, fleet.standby])
        expect(await fleet.ports.read.postgres.databaseBytes(instance, limits)).toBeGreaterThan(10_000_000)
    })

    test('counters of primary and standby only rise while neither is restarted', async () => {
      for (const instance of [fleet.primary, fleet.standby]) {
        const before = await fleet.ports.read.postgres.counters(instance, limits)
        const after = await fleet.ports.read.postgres.counters(instance, limits)
        expect(after.epoch).toBe(before.epoch)
        for (const name of ['at', 'commits', 'rollbacks', 'blocksHit', 'blocksRead', 'tempBytes', 'checkpoints'] as const)
          expect(after[name], name).toBeGreaterThanOrEqual(before[name])
      }
    })

    test('a standby takes no writes', async () => {
      await expect(write(fleet.standby, 'create table matriarch_contract (a int)')).rejects.toMatchObject({ code: 'sql.failed' })
    })

    test('a checkpoint answers on a primary and on a standby', async () => {
      await fleet.ports.act.postgres.checkpoint(fleet.primary, limits)
      await fleet.ports.act.postgres.checkpoint(fleet.standby, limits)
    })

    test('a host that is gone is unreachable to a look, and an error to an act', async () => {
      const bringBack = await fleet.cutOff(fleet.standby)
      const seen = await fleet.ports.read.postgres.probe(fleet.standby, { timeoutMs: 5_000 })
      expect([seen.state, seen.role, seen.because === null]).toEqual(['unreachable', 'unknown', false])
      await expect(fleet.ports.act.postgres.stop(fleet.standby, 'fast', { timeoutMs: 5_000 })).rejects.toMatchObject({
        code: expect.stringMatching(/^shell\./),
      })
      await bringBack()
      await expect.poll(async () => (await probe(fleet.standby)).state, { timeout: 60_000 }).toBe('online')
    })

    test('previews are the commands as text', () => {
      const { commands } = fleet.ports.read.postgres
      const all = [
        commands.start(fleet.primary),
        commands.stop(fleet.primary, 'fast'),
        commands.restart(fleet.primary, 'fast'),
        commands.reload(fleet.primary),
      ]
      for (const lines of all) expect(lines.join('\n')).toMatch(/\S/)
      expect(commands.stop(fleet.primary, 'immediate').join(' ')).toContain('immediate')
    })
  })
}
