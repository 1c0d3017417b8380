import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CopySpec, Following, InPlaceSpec, InstanceAddress, SomePorts } from '@/lib/ports'
import { faultOf } from './caught'

/** A pair that the suite may do anything with. */
export interface CopiesStage {
  ports: SomePorts<'copies' | 'work' | 'postgres' | 'replication'>
  source: InstanceAddress
  /** Streams from the source; nothing of ours lies beside it. */
  standby: InstanceAddress
  /** How it follows the source. */
  following: Following
  /** Makes a primary write WAL. */
  write: (instance: InstanceAddress) => Promise<void>
  /** Makes the host of the standby unreachable; the answer brings it back. */
  cutOff: () => Promise<() => Promise<void>>
  stop: () => Promise<void>
}

const limits = { timeoutMs: 60_000 }
const patient = { timeout: 60_000 }
const refused = { code: 'shell.failed', facts: { isOver: true } }

/**
 * The contract for rebuilding a server without losing a directory, of the twin and of the real adapter alike. Call it at the top level of a
 * test file; `open` runs once, the tests in order on the one pair.
 */
export const copiesContract = (title: string, open: () => Promise<CopiesStage>): void => {
  describe(`the copies port: ${title}`, () => {
    let stage: CopiesStage
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const copies = () => stage.ports.act.copies
    const specOf = (key: string, more: Partial<CopySpec> = {}): CopySpec => ({
      key,
      source: { ...stage.following, slotName: null },
      rateKbMax: null,
      tablespaces: [],
      ...more,
    })
    const seen = async () => (await stage.ports.read.copies.look(stage.standby, { ...limits, withSizes: true })).copy
    const start = (spec: CopySpec) => copies().start(stage.standby, spec, limits)
    const swapIn = (key: string) => copies().swapIn(stage.standby, key, limits)
    const putBack = (key: string) => copies().putBack(stage.standby, key, limits)
    const remove = (key: string) => copies().remove(stage.standby, key, limits)
    const workOf = (key: string) => stage.ports.read.work.look(stage.standby.host, key, { ...limits, waitMs: 30_000 })
    const endOf = async (key: string) => {
      await expect.poll(async () => (await workOf(key)).state, patient).toBe('ended')
      return (await workOf(key)).exitCode
    }
    const server = {
      start: () => stage.ports.act.postgres.start(stage.standby, limits),
      stop: () => stage.ports.act.postgres.stop(stage.standby, 'fast', limits),
      probe: () => stage.ports.read.postgres.probe(stage.standby, limits),
      disk: () => stage.ports.read.replication.dataDirectory(stage.standby, limits),
      follow: () => stage.ports.act.replication.follow(stage.standby, stage.following, limits),
    }
    const untilStreaming = () => expect.poll(async () => (await server.probe()).upstream?.status, patient).toBe('streaming')
    /** Makes the standby a primary of its own timeline that wrote past the fork; where it is. */
    const diverge = async (): Promise<string> => {
      await stage.ports.act.replication.promote(stage.standby, limits)
      await expect.poll(async () => (await server.probe()).role, patient).toBe('primary')
      await stage.write(stage.standby)
      await stage.write(stage.source)
      const timeline = (await server.probe()).timeline!
      return (await stage.ports.read.replication.history(stage.standby, timeline, limits)).at(-1)!.forkLsn
    }

    test('where nothing of ours lies nothing is seen, put back or removed, and nothing can be swapped in', async () => {
      const sight = await stage.ports.read.copies.look(stage.standby, limits)
      expect(sight.places[0]).toMatchObject({ what: 'data', path: stage.standby.dataDirectory, because: null, bytes: null })
      expect(sight.places[0]!.freeBytes).toBeGreaterThan(0)
      expect(sight.copy).toEqual({ stage: 'none', key: null, bytes: null, paths: [], isRewinding: false, inPlaceKey: null })
      await putBack('nothing')
      await remove('nothing')
      await expect(swapIn('nothing')).rejects.toMatchObject(refused)
      expect((await server.probe()).state).toBe('online')
    })

    test('a copy that is being made is neither swapped in nor removed, nor is another one begun; ended, its own key removes it', async () => {
      await start(specOf('slow', { rateKbMax: 32 }))
      await expect.poll(async () => (await seen()).stage, patient).toBe('unfinished')
      await expect(start(specOf('second'))).rejects.toMatchObject(refused)
      await expect(swapIn('slow')).rejects.toMatchObject(refused)
      await expect(remove('slow')).rejects.toMatchObject(refused)
      await stage.ports.act.work.end(stage.standby.host, 'slow', limits)
      expect(await endOf('slow')).toBe(143)
      await remove('another')
      expect(await seen()).toMatchObject({
        stage: 'unfinished',
        key: 'slow',
        paths: [expect.stringContaining(stage.standby.dataDirectory)],
      })
      await remove('slow')
      expect(await seen()).toMatchObject({ stage: 'none', key: null, paths: [] })
    })

    test('a copy through a slot that its source does not have fails, is not whole, and is not swapped in even while the server is down', async () => {
      await start(specOf('slotless', { source: { ...stage.following, slotName: 'nobody' } }))
      expect(await endOf('slotless')).not.toBe(0)
      // The server is down, so that nothing but the copy itself can be why.
      await server.stop()
      expect((await seen()).stage).toBe('unfinished')
      await expect(swapIn('slotless')).rejects.toMatchObject(refused)
      await remove('slotless')
      await expect(swapIn('slotless')).rejects.toMatchObject(refused)
      await server.start()
      await untilStreaming()
    })

    test('a whole copy is not swapped in while the server runs, nor by another key', async () => {
      await start(specOf('whole'))
      expect(await endOf('whole')).toBe(0)
      await expect(swapIn('whole')).rejects.toMatchObject(refused)
      expect((await server.probe()).state).toBe('online')
      await diverge()
      await server.stop()
      await expect(swapIn('another')).rejects.toMatchObject(refused)
      await expect(putBack('another')).rejects.toMatchObject(refused)
      await putBack('whole')
      const whole = await seen()
      expect(whole).toMatchObject({ stage: 'whole', key: 'whole' })
      expect(whole.bytes).toBeGreaterThan(0)
      expect((await server.disk()).timeline).toBe(2)
    })

    test('swapped in, it takes the place of what was there, which comes back whole when it is put back; each is done once', async () => {
      for (const _ of [1, 2]) {
        await swapIn('whole')
        expect([(await seen()).stage, (await server.disk()).timeline]).toEqual(['swapped', 1])
      }
      for (const _ of [1, 2]) {
        await putBack('whole')
        expect([(await seen()).stage, (await server.disk()).timeline]).toEqual(['whole', 2])
      }
      await swapIn('whole')
      await remove('another')
      expect((await seen()).stage).toBe('swapped')
    })

    test('it starts as a standby of its source; while it runs nothing is put back, and once the old one is removed nothing can be', async () => {
      await server.follow()
      await server.start()
      await untilStreaming()
      await expect(putBack('whole')).rejects.toMatchObject(refused)
      await remove('whole')
      await remove('whole')
      expect(await seen()).toMatchObject({ stage: 'none', key: null, paths: [] })
      await putBack('whole')
      expect((await server.probe()).upstream?.status).toBe('streaming')
    })

    test('what was written past a fork counts as saved only where one copy holds all of it, and never while the server runs', async () => {
      const fork = await diverge()
      const tail = () => stage.ports.read.copies.tail(stage.standby, fork, limits)
      const saved = () => stage.ports.read.copies.savedTail(stage.standby, fork, limits)
      const save = async (key: string) => {
        await copies().saveTail(stage.standby, fork, key, limits)
        return endOf(key)
      }
      expect(await save('tail-running')).not.toBe(0)
      await server.stop()
      expect([await saved(), (await tail()).isSaved]).toEqual([null, false])
      expect(await save('tail-1')).toBe(0)
      const first = (await saved())!
      expect(await tail()).toMatchObject({ path: first.path, isSaved: true, hasStart: true, because: null })
      expect([first.files > 0, first.bytes > 0]).toEqual([true, true])
      expect(await save('tail-2')).toBe(0)
      expect((await saved())!.path).toBe(first.path)
      await server.start()
      expect(await saved()).toBeNull()
      await stage.write(stage.standby)
      await server.stop()
      expect(await saved()).toBeNull()
      const next = await tail()
      expect([next.isSaved, next.path === first.path]).toEqual([false, false])
    })

    test('a rewind that cannot begin leaves no mark and changes nothing', async () => {
      const nobody = { conninfo: { ...stage.following.conninfo, port: '1' }, slotName: null }
      expect(await stage.ports.read.copies.tryRewind(stage.standby, nobody, limits)).toMatchObject({ works: false })
      const before = await server.disk()
      await copies().rewind(stage.standby, nobody, 'rewind-none', limits)
      expect(await endOf('rewind-none')).not.toBe(0)
      expect((await seen()).isRewinding).toBe(false)
      expect(await server.disk()).toMatchObject({ timeline: before.timeline, isStandby: false, checkpointLsn: before.checkpointLsn })
      await expect(copies().rewind(stage.standby, nobody, 'rewind-none', limits)).rejects.toMatchObject(refused)
    })

    test('rewound, a server that went its own way is a standby of its source, as its files say; one that runs is not rewound', async () => {
      expect(await stage.ports.read.copies.tryRewind(stage.standby, stage.following, limits)).toEqual({ works: true })
      await copies().rewind(stage.standby, stage.following, 'rewind-1', limits)
      expect(await endOf('rewind-1')).toBe(0)
      expect((await seen()).isRewinding).toBe(false)
      expect(await server.disk()).toMatchObject({ isStandby: true, following: { slotName: stage.following.slotName } })
      await server.start()
      await untilStreaming()
      await copies().rewind(stage.standby, stage.following, 'rewind-running', limits)
      expect(await endOf('rewind-running')).not.toBe(0)
      expect([(await seen()).isRewinding, (await server.probe()).upstream?.status]).toEqual([false, 'streaming'])
    })

    test('in place it is begun only on a server that is down, which then cannot start; filled by its own key alone, it streams', async () => {
      const { read } = stage.ports
      const spec = (key: string): InPlaceSpec => ({ key, upstream: stage.source, rateKbMax: null, tablespaces: [] })
      const begin = (key: string) => copies().beginInPlace(stage.standby, spec(key), limits)
      const fill = (key: string, onProgress = (_bytes: number) => {}) =>
        copies().fillInPlace(stage.standby, spec(key), { ...limits, onProgress })
      expect(await read.copies.tryInPlace(stage.standby, stage.source, limits)).toEqual({ works: true })
      await expect(begin('in-place')).rejects.toMatchObject(refused)
      await diverge()
      await server.stop()
      await expect(fill('in-place')).rejects.toMatchObject(refused)
      expect((await seen()).inPlaceKey).toBeNull()
      await begin('in-place')
      await begin('in-place')
      expect((await seen()).inPlaceKey).toBe('in-place')
      await expect(server.start()).rejects.toMatchObject({ code: 'shell.failed' })
      await copies().rewind(stage.standby, stage.following, 'rewind-in-place', limits)
      expect(await endOf('rewind-in-place')).not.toBe(0)
      await expect(fill('another')).rejects.toMatchObject(refused)
      expect(await seen()).toMatchObject({ inPlaceKey: 'in-place', isRewinding: false })
      let heard = 0
      const done = await fill('in-place', (bytes) => {
        heard = bytes
      })
      expect([heard > 0, done.bytes > 0, done.moved > 0]).toEqual([true, true, true])
      expect((await seen()).inPlaceKey).toBeNull()
      await server.follow()
      await server.start()
      await untilStreaming()
    })

    test('a host that does not answer is unreachable both to looks and to actions', async () => {
      const mend = await stage.cutOff()
      // A connection that was open is only found broken by its next use.
      const codeOf = async (work: Promise<unknown>) => (await faultOf(work)).code
      await expect.poll(() => codeOf(seen()), patient).toBe('shell.unreachable')
      expect(await codeOf(start(specOf('unreachable')))).toBe('shell.unreachable')
      expect(await codeOf(swapIn('unreachable'))).toBe('shell.unreachable')
      expect(await codeOf(remove('unreachable'))).toBe('shell.unreachable')
      await mend()
    })
  })
}
