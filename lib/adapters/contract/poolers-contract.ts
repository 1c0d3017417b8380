import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isFault } from '@/lib/kernel/ground/errors'
import type { DeadManMember, DeadManSpec, PoolerAddress, PoolerFile, SomePorts } from '@/lib/ports'

/** A pooler with one database, `orders`, in transaction mode, whose file lies where its address says. */
export interface PoolersStage {
  ports: SomePorts<'poolers'>
  pooler: PoolerAddress
  /** The server that it points to, which takes writes. */
  leader: Omit<DeadManMember, 'text'>
  /** A client in a transaction that it does not end by itself. */
  openTransaction: () => Promise<{ commit: () => Promise<void>; close: () => Promise<void> }>
  /** By another hand than ours: the whole pooler is paused. */
  pauseWhole: () => Promise<void>
  /** By another hand than ours: the file is another. */
  edit: (text: string) => Promise<void>
  cutOff: () => Promise<() => Promise<void>>
  stop: () => Promise<void>
}

const limits = { timeoutMs: 20_000 }
const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no fault',
    (error: unknown) => (isFault(error) ? `${error.code}${error.facts.isOver ? ', over' : ''}` : String(error)),
  )

/** The contract for pausing and moving traffic, of the twin and of the real adapter alike. */
export const poolersContract = (title: string, open: () => Promise<PoolersStage>) => {
  describe(title, () => {
    let stage: PoolersStage
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const look = () => stage.ports.read.poolers.look(stage.pooler, limits)
    const orders = async () => (await look()).databases.find(({ name }) => name === 'orders')!
    const act = () => stage.ports.act.poolers
    const file = async (): Promise<PoolerFile> => (await stage.ports.read.poolers.readFile(stage.pooler, limits))!
    const isFreed = (close: () => Promise<void>) => close().then(() => expect.poll(async () => (await orders()).serversBusy).toBe(0))

    test('a pooler at rest shows its version, its database and what that points to; its admin console is not listed as a database', async () => {
      const seen = await look()
      expect(seen).toMatchObject({ state: 'online', because: null, isPausedWhole: false, waiting: 0 })
      expect(seen.version).toMatch(/^\d+\.\d+/)
      expect(seen.databases.map(({ name }) => name)).toEqual(['orders'])
      expect(await orders()).toMatchObject({ poolMode: 'transaction', isPaused: false, isDisabled: false, serversBusy: 0 })
      expect(Number((await stage.ports.read.poolers.settings(stage.pooler, limits)).listen_port)).toBe(stage.pooler.port)
      expect((await stage.ports.read.poolers.stats(stage.pooler, limits)).every(({ database }) => database === 'orders')).toBe(true)
    })

    test('a pause of a database shows, may be repeated, and one resume lifts it; a second resume is refused', async () => {
      await act().pause(stage.pooler, 'orders', limits)
      await act().pause(stage.pooler, 'orders', limits)
      expect(await orders()).toMatchObject({ isPaused: true, serversBusy: 0 })
      await act().resume(stage.pooler, 'orders', limits)
      expect((await orders()).isPaused).toBe(false)
      expect(await code(act().resume(stage.pooler, 'orders', limits))).toBe('pooler.refused, over')
    })

    test('an open transaction delays a pause: it times out at its deadline, the database stays paused, and RESUME ends that', async () => {
      const client = await stage.openTransaction()
      expect((await orders()).serversBusy).toBe(1)
      expect(await code(act().pause(stage.pooler, 'orders', { timeoutMs: 400 }))).toBe('pooler.timeout')
      expect(await orders()).toMatchObject({ isPaused: true, serversBusy: 1 })
      const [holder] = (await stage.ports.read.poolers.clients(stage.pooler, limits)).filter(({ remotePid }) => remotePid !== null)
      expect(holder).toMatchObject({ database: 'orders', state: 'active' })
      await act().resume(stage.pooler, 'orders', limits)
      expect((await orders()).isPaused).toBe(false)
      await client.commit()
      await isFreed(client.close)
    })

    test('a pause that is cancelled ends at once and stays what it is until somebody resumes', async () => {
      const client = await stage.openTransaction()
      const stopping = new AbortController()
      const pausing = code(act().pause(stage.pooler, 'orders', { ...limits, signal: stopping.signal }))
      await expect.poll(async () => (await orders()).isPaused).toBe(true)
      stopping.abort()
      expect(await pausing).toBe('pooler.timeout')
      expect((await orders()).isPaused).toBe(true)
      await act().resume(stage.pooler, 'orders', limits)
      await client.commit()
      await isFreed(client.close)
    })

    test('a killed database has no client and is paused', async () => {
      await stage.openTransaction()
      await act().kill(stage.pooler, 'orders', limits)
      expect(await orders()).toMatchObject({ isPaused: true, clientsActive: 0, clientsWaiting: 0 })
      await act().resume(stage.pooler, 'orders', limits)
    })

    test('a database is closed to new clients and opened again', async () => {
      await act().disable(stage.pooler, 'orders', limits)
      expect((await orders()).isDisabled).toBe(true)
      await act().enable(stage.pooler, 'orders', limits)
      expect((await orders()).isDisabled).toBe(false)
      await act().reconnect(stage.pooler, 'orders', limits)
    })

    test('a database that is not there is refused by its name, whatever stands in it', async () => {
      const name = 'no"; SHUTDOWN; --'
      expect(await code(act().disable(stage.pooler, name, limits))).toBe('pooler.refused, over')
      expect((await look()).state).toBe('online')
    })

    test('a pause of the whole is seen although no database shows it, and is lifted as a whole', async () => {
      await stage.pauseWhole()
      const seen = await look()
      expect([seen.isPausedWhole, seen.databases.map(({ isPaused }) => isPaused)]).toEqual([true, [false]])
      await act().resumeWhole(stage.pooler, limits)
      expect((await look()).isPausedWhole).toBe(false)
      expect(await code(act().resumeWhole(stage.pooler, limits))).toBe('pooler.refused, over')
    })

    test('a written file keeps owner and mode, changes nothing before the reload, and points elsewhere after it', async () => {
      const before = await file()
      const text = before.text.replace(/host=\S+ port=\d+/, 'host=192.0.2.7 port=5544')
      await act().writeFile(stage.pooler, { text, expectedDigest: before.digest, token: 5, herdId: null }, limits)
      expect(await file()).toMatchObject({ text, owner: before.owner, mode: before.mode, fence: 5 })
      expect((await orders()).port).not.toBe(5544)
      await act().reload(stage.pooler, limits)
      await expect.poll(orders).toMatchObject({ host: '192.0.2.7', port: 5544 })
      await act().restoreFile(stage.pooler, { expectedDigest: (await file()).digest, token: 6, herdId: null }, limits)
      expect(await file()).toMatchObject({ text: before.text, owner: before.owner, mode: before.mode, fence: 6 })
      await act().reload(stage.pooler, limits)
      await expect.poll(async () => (await orders()).port).not.toBe(5544)
    })

    test('a writer whose token is lower than one that was seen is rejected, and the file is untouched', async () => {
      const before = await file()
      await act().writeFile(stage.pooler, { text: before.text, expectedDigest: before.digest, token: 9, herdId: null }, limits)
      const stale = act().writeFile(stage.pooler, { text: '; stale\n', expectedDigest: before.digest, token: 8, herdId: null }, limits)
      expect(await code(stale)).toBe('pooler.fenced, over')
      expect(await file()).toMatchObject({ text: before.text, fence: 9 })
    })

    test('a file that somebody changed meanwhile is not overwritten', async () => {
      const before = await file()
      await stage.edit(`${before.text}; by hand\n`)
      const late = act().writeFile(stage.pooler, { text: before.text, expectedDigest: before.digest, token: 10, herdId: null }, limits)
      expect(await code(late)).toBe('record.conflict, over')
      expect((await file()).text).toBe(`${before.text}; by hand\n`)
      await stage.edit(before.text)
    })

    const nobody: DeadManMember = {
      instanceId: 'gone',
      title: 'orders on gone',
      address: '127.0.0.1',
      port: 9,
      socketDirectory: null,
      text: null,
    }
    const spec = async (change: Partial<DeadManMember> = {}): Promise<DeadManSpec> => ({
      systemIdentifier: null,
      foreignLines: [],
      databases: [{ name: 'orders', database: (await orders()).database }],
      members: [nobody, { ...stage.leader, text: (await file()).text, ...change }],
    })
    const arm = async (key: string, token: number, expiryMs: number, given?: DeadManSpec) =>
      act().armDeadMan(stage.pooler, { ...(given ?? (await spec())), key, herdId: 'orders', token, expiryMs }, limits)
    const timer = (key: string) => stage.ports.read.poolers.deadMan(stage.pooler, key, limits)
    const hasFired = (key: string) => expect.poll(async () => (await timer(key)).state, { timeout: 30_000 }).toBe('fired')

    test('a trial says who takes writes and why another one is silent, and leaves no timer', async () => {
      const { problem, answers } = await stage.ports.read.poolers.tryDeadMan(stage.pooler, await spec(), limits)
      expect(problem).toBeNull()
      expect(answers).toMatchObject([
        { instanceId: 'gone', answer: 'silent', because: expect.any(String) },
        { instanceId: stage.leader.instanceId, answer: 'writable', timeline: 1, because: null },
      ])
      const stranger = { ...(await spec()), systemIdentifier: '1' }
      const { answers: others } = await stage.ports.read.poolers.tryDeadMan(stage.pooler, stranger, limits)
      expect(others[1]).toMatchObject({ answer: 'silent', because: expect.stringContaining('another system') })
      expect(await timer('tried')).toMatchObject({ state: 'absent', leftMs: null })
    })

    test('a timer that is disarmed in time has touched nothing, and is not armed again; armed twice it is one', async () => {
      await act().pause(stage.pooler, 'orders', limits)
      await arm('kept', 20, 60_000)
      await arm('kept', 20, 1)
      const armed = await timer('kept')
      expect([armed.state, armed.leftMs! > 1_000]).toEqual(['armed', true])
      expect(await act().disarmDeadMan(stage.pooler, 'kept', limits)).toMatchObject({ state: 'disarmed', resumed: [] })
      expect((await act().extendDeadMan(stage.pooler, { key: 'kept', expiryMs: 1, token: 21 }, limits)).state).toBe('disarmed')
      expect(await code(arm('kept', 21, 1))).toBe('pooler.refused, over')
      expect((await orders()).isPaused).toBe(true)
    })

    test('a timer that is due resumes clients once, and disarming it then says so', async () => {
      await arm('left', 22, 60_000)
      expect((await act().extendDeadMan(stage.pooler, { key: 'left', expiryMs: 200, token: 22 }, limits)).state).toBe('armed')
      await hasFired('left')
      expect((await orders()).isPaused).toBe(false)
      const fired = { state: 'fired', ledTo: stage.leader.title, resumed: ['orders'] }
      expect(await act().disarmDeadMan(stage.pooler, 'left', limits)).toMatchObject(fired)
      await act().pause(stage.pooler, 'orders', limits)
      expect(await code(arm('left', 23, 1))).toBe('pooler.refused, over')
      expect((await orders()).isPaused).toBe(true)
    })

    test('a later timer ends an earlier one, an earlier token arms none, and a database that the job did not pause stays paused', async () => {
      await arm('early', 24, 60_000)
      await arm('late', 26, 60_000)
      expect((await timer('early')).state).toBe('overtaken')
      expect((await act().disarmDeadMan(stage.pooler, 'early', limits)).state).toBe('overtaken')
      expect(await code(arm('stale', 25, 1))).toBe('pooler.fenced, over')
      await arm('other', 27, 1, { ...(await spec()), databases: [] })
      await hasFired('other')
      expect([(await timer('other')).resumed, (await orders()).isPaused]).toEqual([[], true])
      await act().resume(stage.pooler, 'orders', limits)
    })

    test('a timer that asks no member resumes its databases as they are once its time is up, and a later one ends it no sooner', async () => {
      const blind = { ...(await spec()), members: [] }
      expect(await stage.ports.read.poolers.tryDeadMan(stage.pooler, blind, limits)).toEqual({ problem: null, answers: [] })
      const { host, port } = await orders()
      await act().pause(stage.pooler, 'orders', limits)
      await arm('blind', 28, 60_000, blind)
      await arm('later', 29, 60_000, { ...blind, databases: [] })
      await act().disarmDeadMan(stage.pooler, 'later', limits)
      expect((await timer('blind')).state).toBe('armed')
      await act().extendDeadMan(stage.pooler, { key: 'blind', expiryMs: 200, token: 0 }, limits)
      await hasFired('blind')
      expect(await timer('blind')).toMatchObject({ ledTo: null, resumed: ['orders'] })
      expect(await orders()).toMatchObject({ isPaused: false, host, port })
    })

    test('what a later writer made of the file is left alone, and clients wait until it points to the member that takes writes; disarmed before, the timer ends', async () => {
      const [right, given] = [await file(), await spec()]
      const text = right.text.replace(/host=\S+ port=\d+/, 'host=192.0.2.7 port=5544')
      const isFiring = (key: string) => expect.poll(async () => (await timer(key)).state, { timeout: 30_000 }).toBe('firing')
      await act().pause(stage.pooler, 'orders', limits)
      await arm('shut-out', 30, 60_000, given)
      await act().writeFile(stage.pooler, { text, expectedDigest: right.digest, token: 31, herdId: null }, limits)
      await act().extendDeadMan(stage.pooler, { key: 'shut-out', expiryMs: 1, token: 30 }, limits)
      await isFiring('shut-out')
      expect(await act().disarmDeadMan(stage.pooler, 'shut-out', limits)).toMatchObject({ state: 'fired', resumed: [] })
      await arm('let-in', 32, 60_000, given)
      await act().writeFile(stage.pooler, { text, expectedDigest: (await file()).digest, token: 33, herdId: null }, limits)
      await act().extendDeadMan(stage.pooler, { key: 'let-in', expiryMs: 1, token: 32 }, limits)
      await isFiring('let-in')
      expect([(await file()).text, (await orders()).isPaused]).toEqual([text, true])
      await act().writeFile(stage.pooler, { text: right.text, expectedDigest: (await file()).digest, token: 34, herdId: null }, limits)
      await hasFired('let-in')
      expect([(await timer('let-in')).resumed, (await orders()).isPaused]).toEqual([['orders'], false])
    })

    test('writing the lines of one herd shuts out only earlier writers of that herd, and writing the whole file all earlier writers', async () => {
      const { text } = await file()
      const write = async (herdId: string | null, token: number) =>
        code(act().writeFile(stage.pooler, { text, expectedDigest: (await file()).digest, token, herdId }, limits))
      expect([await write('orders', 42), await write('crm', 41), await write('orders', 40)]).toEqual([
        'no fault',
        'no fault',
        'pooler.fenced, over',
      ])
      expect([await write(null, 41), (await file()).fence]).toEqual(['pooler.fenced, over', 42])
      expect([await write(null, 43), await write('crm', 42), await write('crm', 43)]).toEqual([
        'no fault',
        'pooler.fenced, over',
        'no fault',
      ])
    })

    test('timers of two herds wait side by side, and one that fires leaves the lines of the other as they are by then', async () => {
      const right = await file()
      const astray = right.text.replace(/host=\S+ port=\d+/, 'host=192.0.2.7 port=5544')
      const given = await spec({ text: `${right.text}; crm leads here\n` })
      const [gone, leader] = given.members as [DeadManMember, DeadManMember]
      const members = [{ ...gone, text: `${astray}; crm leads here\n` }, leader]
      await stage.edit(`${right.text}; crm leads here\n`)
      await act().pause(stage.pooler, 'orders', limits)
      await arm('ours', 50, 60_000, { ...given, members, foreignLines: [right.text.split('\n').length - 1] })
      await act().armDeadMan(stage.pooler, { ...given, databases: [], key: 'theirs', herdId: 'crm', token: 51, expiryMs: 60_000 }, limits)
      expect([(await timer('ours')).state, (await timer('theirs')).state]).toEqual(['armed', 'armed'])
      const now = { text: `${astray}; crm leads there\n`, expectedDigest: (await file()).digest, token: 52, herdId: 'crm' }
      await act().writeFile(stage.pooler, now, limits)
      await act().extendDeadMan(stage.pooler, { key: 'ours', expiryMs: 1, token: 50 }, limits)
      await hasFired('ours')
      expect([(await file()).text, (await orders()).isPaused]).toEqual([`${right.text}; crm leads there\n`, false])
      expect((await act().disarmDeadMan(stage.pooler, 'theirs', limits)).state).toBe('disarmed')
      await stage.edit(right.text)
    })

    test('nothing to disarm is no error', async () => {
      expect((await act().disarmDeadMan(stage.pooler, 'never', limits)).state).toBe('absent')
    })

    test('a host that is gone is unreachable to a look, and an error to an act', async () => {
      const bringBack = await stage.cutOff()
      const seen = await stage.ports.read.poolers.look(stage.pooler, { timeoutMs: 5_000 })
      expect([seen.state, seen.databases, seen.because === null]).toEqual(['unreachable', [], false])
      expect(await code(act().reload(stage.pooler, { timeoutMs: 5_000 }))).toMatch(/^shell\./)
      await bringBack()
      await expect.poll(async () => (await look()).state, { timeout: 60_000 }).toBe('online')
    })

    test('a pooler that was shut down is seen as stopped, and takes no command', async () => {
      await act().shutDown(stage.pooler, limits)
      expect(await look()).toMatchObject({ state: 'stopped', databases: [] })
      expect(await code(act().reload(stage.pooler, limits))).toBe('pooler.unreachable, over')
    })

    test('previews are the commands as text', () => {
      expect(stage.ports.read.poolers.commands.of('pause', 'a"b')).toBe('PAUSE "a""b"')
    })
  })
}
