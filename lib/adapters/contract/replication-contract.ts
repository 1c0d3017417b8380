import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import { isFault } from '@/lib/kernel/ground/errors'
import { isOver } from '@/lib/kernel/ground/fault-text'
import type { Following, InstanceAddress, SomePorts } from '@/lib/ports'

/** A herd of three that the suite may do anything with; in the end the third one is the primary. */
export interface ReplicationStage {
  ports: SomePorts<'postgres' | 'replication'>
  primary: InstanceAddress
  /** Both stream from the primary, each through a slot of its own. */
  standby: InstanceAddress
  third: InstanceAddress
  /** Makes the primary write WAL. */
  write: (instance: InstanceAddress) => Promise<void>
  /** Makes the host of an instance unreachable; the answer brings it back. */
  cutOff: (instance: InstanceAddress) => Promise<() => Promise<void>>
  /** Lets the standby's WAL receiver take nothing, and the primary write more than fits between the two; the answer lets it go on. */
  freeze: (standby: InstanceAddress, primary: InstanceAddress) => Promise<() => Promise<void>>
  stop: () => Promise<void>
}

const limits = { timeoutMs: 60_000 }
const patient = { timeout: 60_000 }
const fault = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no fault',
    (error: unknown) => (isFault(error) ? { code: error.code, isOver: isOver(error) } : error),
  )
const overWith = (code: string) => ({ code, isOver: true })

/**
 * The contract for changing who follows whom, of the twin and of the real adapter alike. Call it at the top level of a test file; `open` runs once, the
 * tests in order on the one herd.
 */
export const replicationContract = (title: string, open: () => Promise<ReplicationStage>): void => {
  describe(`the replication port: ${title}`, () => {
    let stage: ReplicationStage
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const probe = (instance: InstanceAddress) => stage.ports.read.postgres.probe(instance, limits)
    const disk = (instance: InstanceAddress) => stage.ports.read.replication.dataDirectory(instance, limits)
    const act = () => stage.ports.act.replication
    const slotsOf = async (instance: InstanceAddress) => (await probe(instance)).slots.map(({ name }) => name).sort()
    const upstreamOf = async (instance: InstanceAddress) => {
      const { upstream } = await probe(instance)
      return upstream?.status === 'streaming' ? `${upstream.host}:${upstream.port} ${upstream.slotName}` : null
    }
    const untilStreaming = (instance: InstanceAddress, { host, port }: InstanceAddress, slot: string) =>
      expect.poll(() => upstreamOf(instance), patient).toBe(`${host.address}:${port} ${slot}`)
    const followingOf = async (follower: InstanceAddress, upstream: InstanceAddress): Promise<Following> => {
      const { following } = await disk(follower)
      return { ...following!, conninfo: { ...following!.conninfo, host: upstream.host.address, port: String(upstream.port) } }
    }

    test('a data directory says what would start from it, and whom it would follow', async () => {
      const [lead, follower] = [await disk(stage.primary), await disk(stage.standby)]
      expect(lead).toMatchObject({ state: 'cluster', controlState: 'in production', isStandby: false, holdsPassword: false, timeline: 1 })
      expect(follower).toMatchObject({ state: 'cluster', controlState: 'in archive recovery', isStandby: true, holdsPassword: false })
      expect(follower.systemIdentifier).toBe(lead.systemIdentifier)
      expect(follower.following?.conninfo).toMatchObject({ host: stage.primary.host.address, port: String(stage.primary.port) })
      expect(await slotsOf(stage.primary)).toContain(follower.following?.slotName)
      expect(lead.slots).toEqual(await slotsOf(stage.primary))
      expect(follower.slots).toEqual([])
    })

    test('the first timeline has no history', async () => {
      expect(await stage.ports.read.replication.history(stage.primary, 1, limits)).toEqual([])
    })

    test('a connection is tried from the instance’s own host: an upstream says who it is, a wrong one why not', async () => {
      const { systemIdentifier } = await disk(stage.primary)
      const following = await followingOf(stage.standby, stage.primary)
      expect(await stage.ports.read.replication.tryReplication(stage.standby, following, limits)).toMatchObject({
        works: true,
        systemIdentifier,
        timeline: 1,
      })
      const nobody = { ...following, conninfo: { ...following.conninfo, port: '1' } }
      const answer = await stage.ports.read.replication.tryReplication(stage.standby, nobody, limits)
      expect(answer).toMatchObject({ works: false, because: expect.stringMatching(/connection .* failed/), isAnswered: false })
      const stranger = { ...following, conninfo: { ...following.conninfo, user: 'stranger' } }
      expect(await stage.ports.read.replication.tryReplication(stage.standby, stranger, limits)).toMatchObject({
        works: false,
        isAnswered: true,
      })
    })

    test('synchronous_standby_names is set outside the files, on a standby too, and removed again; meanwhile a commit that no standby confirms times out, its outcome not known', async () => {
      const setting = (instance: InstanceAddress) => stage.ports.read.replication.synchronousSetting(instance, limits)
      // One that has written nothing waits for nobody.
      const commit = (how: string) =>
        stage.ports.act.postgres.execute(
          stage.primary,
          `select pg_logical_emit_message(true, 'contract', set_config('synchronous_commit', '${how}', true))`,
          {
            database: 'postgres',
            statementTimeoutMs: 1_000,
            rowsMax: 1,
            bytesMax: 1_000,
            onTransaction: async () => {},
          },
        )
      for (const instance of [stage.primary, stage.standby]) {
        const before = await setting(instance)
        expect(before.altered).toBeNull()
        await act().setSynchronous(instance, 'FIRST 1 ("no\'body")', limits)
        const names = `FIRST 1 ("no'body")`
        await expect.poll(() => setting(instance), patient).toEqual({ names, altered: names })
        if (instance === stage.primary) {
          expect(await fault(commit('on'))).toEqual({ code: 'sql.timeout', isOver: false })
          await commit('local')
        }
        await act().setSynchronous(instance, null, limits)
        await expect.poll(() => setting(instance), patient).toEqual(before)
      }
      await commit('on')
    })

    test('a lowered wal_sender_timeout disconnects a WAL receiver that takes nothing and no other, stays loaded without a line of it in the files, and is restored', async () => {
      const { read, act: acts } = stage.ports
      const setting = () => read.replication.senderTimeoutSetting(stage.primary, limits)
      const readers = async () => (await probe(stage.primary)).standbys.length
      const before = await setting()
      expect(before).toEqual({ ms: expect.any(Number), mayAlter: true, altered: null })
      expect(before.ms).toBeGreaterThan(2_000)
      const goOn = await stage.freeze(stage.third, stage.primary)
      expect(await readers()).toBe(2)
      const { currentLsn } = await probe(stage.primary)
      const past = await acts.replication.writeRecord(stage.primary, limits)
      expect(lsnBytesBetween(currentLsn, past)).toBeGreaterThan(0)
      await acts.replication.setSenderTimeout(stage.primary, '2s', { ...limits, isLoaded: true })
      await expect.poll(setting, patient).toEqual({ ms: 2_000, mayAlter: true, altered: '2s' })
      await expect.poll(readers, patient).toBe(1)
      expect(await upstreamOf(stage.standby)).not.toBeNull()
      await acts.replication.setSenderTimeout(stage.primary, null, { ...limits, isLoaded: false })
      expect(await setting()).toEqual({ ms: 2_000, mayAlter: true, altered: null })
      await acts.replication.setSenderTimeout(stage.primary, null, { ...limits, isLoaded: true })
      await expect.poll(setting, patient).toEqual(before)
      await goOn()
      await expect.poll(readers, patient).toBe(2)
      expect(await fault(acts.replication.writeRecord(stage.standby, limits))).toMatchObject({ code: 'sql.failed' })
    })

    test('slots are made and dropped on primaries and standbys; one that is there, is read from, or is not there is an error that changed nothing', async () => {
      for (const instance of [stage.primary, stage.standby]) {
        await act().createSlot(instance, 'contract', limits)
        expect(await slotsOf(instance)).toContain('contract')
        expect(await fault(act().createSlot(instance, 'contract', limits))).toEqual(overWith('sql.failed'))
        await act().dropSlot(instance, 'contract', limits)
        expect(await slotsOf(instance)).not.toContain('contract')
        expect(await fault(act().dropSlot(instance, 'contract', limits))).toEqual(overWith('sql.failed'))
      }
      const { slotName } = (await disk(stage.standby)).following!
      await expect.poll(() => upstreamOf(stage.standby), patient).not.toBeNull()
      expect(await fault(act().dropSlot(stage.primary, slotName!, limits))).toEqual(overWith('sql.failed'))
    })

    test('whom to follow is only written: it takes effect with a reload, and values with quotes and backslashes stay whole', async () => {
      const [before, moved] = [await followingOf(stage.third, stage.primary), await followingOf(stage.third, stage.standby)]
      const odd = { ...moved, conninfo: { ...moved.conninfo, application_name: `o'neil \\ "x" $1` } }
      await untilStreaming(stage.third, stage.primary, before.slotName!)
      await act().createSlot(stage.standby, moved.slotName!, limits)
      await act().follow(stage.third, odd, limits)
      expect((await disk(stage.third)).following).toEqual(odd)
      expect(await upstreamOf(stage.third)).toBe(`${stage.primary.host.address}:${stage.primary.port} ${before.slotName}`)
      await stage.ports.act.postgres.reload(stage.third, limits)
      await untilStreaming(stage.third, stage.standby, moved.slotName!)
      expect((await probe(stage.third)).role).toBe('standby')
    })

    test('a standby does not stream through a slot that is not there, and does once it is', async () => {
      const back = { ...(await followingOf(stage.third, stage.primary)), slotName: 'contract_late' }
      await act().follow(stage.third, back, limits)
      await stage.ports.act.postgres.reload(stage.third, limits)
      await expect.poll(() => upstreamOf(stage.third), patient).toBeNull()
      await act().createSlot(stage.primary, 'contract_late', limits)
      await untilStreaming(stage.third, stage.primary, 'contract_late')
    })

    test('what needs a running server fails on a stopped one, and its data directory is read all the same', async () => {
      await stage.ports.act.postgres.stop(stage.third, 'fast', limits)
      expect(await disk(stage.third)).toMatchObject({ controlState: 'shut down in recovery', isStandby: true })
      expect(await fault(act().createSlot(stage.third, 'contract', limits))).toMatchObject({ code: 'sql.unreachable' })
      expect(await fault(act().promote(stage.third, limits))).toMatchObject({
        code: expect.stringMatching(/^(sql.unreachable|shell.failed)$/),
      })
      await act().follow(stage.third, null, limits)
      expect((await disk(stage.third)).following?.slotName).toBe('contract_late')
      await stage.ports.act.postgres.start(stage.third, limits)
      await untilStreaming(stage.third, stage.primary, 'contract_late')
    })

    test('on a running server no fence is taken away, and a primary is not promoted', async () => {
      expect(await fault(act().clearStandbySignal(stage.third, limits))).toEqual(overWith('shell.failed'))
      expect((await disk(stage.third)).isStandby).toBe(true)
      expect(await fault(act().promote(stage.primary, limits))).toMatchObject({ isOver: true })
    })

    test('a host that does not answer is a fault, not a finding', async () => {
      const restore = await stage.cutOff(stage.third)
      const brief = { timeoutMs: 3_000 }
      try {
        for (const call of [
          () => stage.ports.read.replication.dataDirectory(stage.third, brief),
          () => stage.ports.read.replication.history(stage.third, 2, brief),
          () => act().follow(stage.third, null, brief),
        ])
          expect(await fault(call())).toMatchObject({ code: expect.stringMatching(/^shell\.(unreachable|timeout)$/) })
      } finally {
        await restore()
      }
      await expect.poll(async () => (await probe(stage.third)).state, patient).toBe('online')
    })

    test('a stopped primary is fenced and freed again by its files alone', async () => {
      await stage.ports.act.postgres.stop(stage.primary, 'fast', limits)
      await act().follow(stage.primary, null, limits)
      expect(await disk(stage.primary)).toMatchObject({ controlState: 'shut down', isStandby: true })
      expect((await probe(stage.primary)).hasStandbySignal).toBe(true)
      await act().clearStandbySignal(stage.primary, limits)
      expect((await disk(stage.primary)).isStandby).toBe(false)
      await stage.ports.act.postgres.start(stage.primary, limits)
      expect((await probe(stage.primary)).role).toBe('primary')
    })

    test('a promoted standby is on a new timeline whose history says where the old one ended, and cannot be promoted twice', async () => {
      await stage.write(stage.primary)
      const { currentLsn } = await probe(stage.primary)
      await expect
        .poll(async () => lsnBytesBetween(currentLsn, (await probe(stage.standby)).receivedLsn), patient)
        .toBeGreaterThanOrEqual(0)
      await stage.ports.act.postgres.stop(stage.primary, 'fast', limits)
      const { checkpointLsn } = await disk(stage.primary)
      await act().promote(stage.standby, limits)
      await expect.poll(async () => (await probe(stage.standby)).role, patient).toBe('primary')
      expect((await probe(stage.standby)).timeline).toBe(2)
      const forks = await stage.ports.read.replication.history(stage.standby, 2, limits)
      expect(forks.map(({ timeline }) => timeline)).toEqual([1])
      expect(lsnBytesBetween(checkpointLsn, forks[0]!.forkLsn), 'it had the last record of the primary').toBeGreaterThan(0)
      expect(await fault(act().promote(stage.standby, limits))).toMatchObject({ isOver: true })
    })

    test('a primary that is stopped as a standby says where its last record is, before it is fenced, and cannot be stopped twice', async () => {
      const told: unknown[] = []
      await stage.ports.read.replication.readyToStop(stage.standby, limits)
      expect((await probe(stage.standby)).state).toBe('online')
      const end = await act().stopAsStandby(stage.standby, { ...limits, onShutDown: (seen) => told.push(seen) })
      expect(told).toEqual([end])
      expect(await disk(stage.standby)).toMatchObject({ controlState: 'shut down', isStandby: true, checkpointLsn: end.checkpointLsn })
      await expect.poll(async () => (await probe(stage.standby)).state, patient).toBe('stopped')
      expect(await fault(act().stopAsStandby(stage.standby, limits))).toEqual(overWith('shell.failed'))
    })

    test('a standby says how far it has replayed, not what it never got; promoted, it answers with its first commit, and told again, with another', async () => {
      const { replayedLsn } = await probe(stage.third)
      const at = await stage.ports.read.replication.untilReplayed(stage.third, '0/1', limits)
      expect(lsnBytesBetween(replayedLsn, at)).toBeGreaterThanOrEqual(0)
      expect(await fault(stage.ports.read.replication.untilReplayed(stage.third, 'FF/0', { timeoutMs: 300 }))).toMatchObject({
        code: 'sql.timeout',
      })
      const first = await act().promoteAndCommit(stage.third, limits)
      const again = await act().promoteAndCommit(stage.third, limits)
      expect(first.timeline).toBeGreaterThan(1)
      expect([again.timeline, (await probe(stage.third)).role]).toEqual([first.timeline, 'primary'])
      expect(lsnBytesBetween(at, first.lsn)).toBeGreaterThan(0)
      expect(lsnBytesBetween(first.lsn, again.lsn)).toBeGreaterThanOrEqual(0)
    })
  })
}
