import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClusterSpec, HostAddress, InstanceAddress, SomePorts } from '@/lib/ports'
import { faultOf } from './caught'

/** A host on which nothing lies yet in two places, with server programs of their version. */
export interface ClustersStage {
  ports: SomePorts<'clusters' | 'postgres'>
  place: InstanceAddress
  other: InstanceAddress
  /** Another host, whose passfile is empty. */
  neighbour: HostAddress
  /** Settings with which what is made in a place can be started and reached. */
  settings: Record<string, string>
  /** An empty directory, made behind the port's back. */
  makeDirectory: (instance: InstanceAddress) => Promise<void>
  /** What a creation of that key leaves that was broken off in the middle. */
  halfMake: (instance: InstanceAddress, spec: ClusterSpec) => Promise<void>
  /** Makes the host of both places unreachable; the answer brings it back. */
  cutOff: () => Promise<() => Promise<void>>
  stop: () => Promise<void>
}

const limits = { timeoutMs: 60_000 }
const refused = { code: 'shell.failed', facts: { isOver: true } }

/**
 * The contract for creating and, above all, dropping clusters, of the twin and of the real adapter alike. Call it at the top level of a test file; `open`
 * runs once, the tests in order on the one host.
 */
export const clustersContract = (title: string, open: () => Promise<ClustersStage>): void => {
  describe(`the clusters port: ${title}`, () => {
    let stage: ClustersStage
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const act = () => stage.ports.act.clusters
    const specOf = (key: string): ClusterSpec => ({
      key,
      hasChecksums: true,
      encoding: 'UTF8',
      locale: 'C.UTF-8',
      settings: stage.settings,
      letsIn: 'samenet',
    })
    const make = (instance: InstanceAddress, key: string) => act().make(instance, specOf(key), limits)
    const drop = (instance: InstanceAddress, key: string) => act().drop(instance, key, limits)
    const look = (instance: InstanceAddress) => stage.ports.read.clusters.look(instance, limits)
    const stateOf = async (instance: InstanceAddress) => (await stage.ports.read.postgres.probe(instance, limits)).state
    const start = (instance: InstanceAddress) => stage.ports.act.postgres.start(instance, limits)
    const stop = (instance: InstanceAddress) => stage.ports.act.postgres.stop(instance, 'fast', limits)
    const free = { directory: 'absent', portTakenBy: null, because: null, made: null }

    test('a place with nothing in it is free, whether its directory is there or not, and the versions that are installed are named', async () => {
      const { binDirectory, host, major } = stage.place
      expect((await stage.ports.read.clusters.installed(host, { ...limits, binDirectory })).majors).toContain(major)
      expect(await look(stage.place)).toMatchObject({ ...free, isConfigured: false, freeBytes: expect.any(Number) })
      await stage.makeDirectory(stage.place)
      expect(await look(stage.place)).toMatchObject({ ...free, directory: 'empty' })
    })

    test('a cluster is made set up and stopped, and made only once; what carries another key is neither made over nor dropped', async () => {
      await make(stage.place, 'one')
      const made = { directory: 'taken', made: { key: 'one', isWhole: true } }
      expect(await look(stage.place)).toMatchObject(made)
      expect(await stateOf(stage.place)).toBe('stopped')
      await make(stage.place, 'one')
      await expect(make(stage.place, 'two')).rejects.toMatchObject(refused)
      await expect(drop(stage.place, 'two')).rejects.toMatchObject(refused)
      expect(await look(stage.place)).toMatchObject(made)
    })

    test('while its server runs it is not dropped, and its port is taken for everybody', async () => {
      await start(stage.place)
      await expect(drop(stage.place, 'one')).rejects.toMatchObject(refused)
      expect(await stateOf(stage.place)).toBe('online')
      expect((await look(stage.place)).portTakenBy).not.toBeNull()
      expect((await look({ ...stage.other, port: stage.place.port })).portTakenBy).not.toBeNull()
      expect((await look(stage.other)).portTakenBy).toBeNull()
    })

    test('a role for replication is made once, on a server that takes writes, and its password goes on only from a host that has it', async () => {
      const { host } = stage.place
      const share = (from: HostAddress, to: HostAddress) => act().sharePassword(from, to, 'follower', limits)
      await expect(share(host, stage.neighbour)).rejects.toMatchObject(refused)
      await act().makeReplicator(stage.place, 'follower', limits)
      await act().makeReplicator(stage.place, 'follower', limits)
      await expect(share(stage.neighbour, host)).rejects.toMatchObject(refused)
      await share(host, stage.neighbour)
      await share(host, stage.neighbour)
      await share(stage.neighbour, host)
      await stop(stage.place)
      await expect(act().makeReplicator(stage.place, 'latecomer', limits)).rejects.toMatchObject({ code: 'shell.failed' })
    })

    test('what carries the key is dropped whole, a second time there is nothing to drop, and a directory that was there before is there, empty', async () => {
      await drop(stage.place, 'one')
      expect(await look(stage.place)).toMatchObject({ ...free, directory: 'empty', isConfigured: false })
      await drop(stage.place, 'one')
    })

    test('what was handed over is never dropped, whatever key is named, and nothing is made over it', async () => {
      await make(stage.place, 'three')
      await act().handOver(stage.place, limits)
      await act().handOver(stage.place, limits)
      await drop(stage.place, 'three')
      expect(await look(stage.place)).toMatchObject({ directory: 'taken', made: null })
      expect(await stateOf(stage.place)).toBe('stopped')
      await expect(make(stage.place, 'three')).rejects.toMatchObject(refused)
      await start(stage.place)
      await stop(stage.place)
    })

    test('a directory in use is taken under whatever name it is asked for, and what lies there is not dropped', async () => {
      const sameDirectory = { ...stage.other, dataDirectory: stage.place.dataDirectory }
      expect(await look(sameDirectory)).toMatchObject({ directory: 'taken', made: null })
      await expect(make(sameDirectory, 'four')).rejects.toMatchObject(refused)
      await drop(sameDirectory, 'four')
      expect(await stateOf(stage.place)).toBe('stopped')
    })

    test('one that was interrupted is made again or dropped by its own key alone', async () => {
      await stage.halfMake(stage.other, specOf('half'))
      const half = { directory: 'taken', made: { key: 'half', isWhole: false } }
      expect(await look(stage.other)).toMatchObject(half)
      await expect(make(stage.other, 'another')).rejects.toMatchObject(refused)
      await expect(drop(stage.other, 'another')).rejects.toMatchObject(refused)
      expect(await look(stage.other)).toMatchObject(half)
      await make(stage.other, 'half')
      expect(await look(stage.other)).toMatchObject({ made: { key: 'half', isWhole: true } })
      expect(await stateOf(stage.other)).toBe('stopped')
      await drop(stage.other, 'half')
      await stage.halfMake(stage.other, specOf('half-2'))
      await drop(stage.other, 'half-2')
      expect(await look(stage.other)).toMatchObject(free)
    })

    test('a version that is not installed is refused before anything is made', async () => {
      await expect(make({ ...stage.other, major: '9', binDirectory: null }, 'five')).rejects.toMatchObject(refused)
      expect(await look(stage.other)).toMatchObject(free)
    })

    test('a host that does not answer is unreachable both to looks and to actions', async () => {
      const mend = await stage.cutOff()
      // A connection that was open is only found broken by its next use.
      const codeOf = async (work: Promise<unknown>) => (await faultOf(work)).code
      await expect.poll(() => codeOf(look(stage.other)), { timeout: 60_000 }).toBe('shell.unreachable')
      expect(await codeOf(make(stage.other, 'seven'))).toBe('shell.unreachable')
      expect(await codeOf(drop(stage.other, 'seven'))).toBe('shell.unreachable')
      expect(await codeOf(act().handOver(stage.other, limits))).toBe('shell.unreachable')
      await mend()
    })
  })
}
