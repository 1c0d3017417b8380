import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HostAddress, HostCheckStep, SomePorts } from '@/lib/ports'
import { faultOf } from './caught'

/** A host with its key pinned that lets the console in. What disturbs it answers with the way to mend it. */
export interface HostsStage {
  ports: SomePorts<'hosts'>
  host: HostAddress
  /** Suits the host. */
  profile: string
  /** Where it may make directories. */
  folder: string
  /** Makes the directory; its connection breaks before the answer. */
  losing: (path: string) => readonly string[]
  /** Does not end by itself; `begun` resolves once it runs. */
  endless: () => { argv: readonly string[]; begun: () => Promise<unknown> }
  /** An address at which nothing listens. */
  nowhere: HostAddress
  refuseKey: () => Promise<() => Promise<void>>
  /** It takes connections, and nothing on it answers any more. */
  freeze: () => Promise<() => Promise<void>>
  cutOff: () => Promise<() => Promise<void>>
  stop: () => Promise<void>
}

const limits = { timeoutMs: 60_000 }
const patient = { timeout: 60_000 }
const neverStarted = (code: string) => ({ code, facts: { isOver: true } })
const inOrder = ['reachable', 'host-key', 'login', 'machine', 'user', 'binaries', 'versions', 'clusters', 'disk', 'clock']

/** The contract for running commands on a host, of the twin and of the real adapter alike. Call it at the top level of a test file; `open` runs once. */
export const hostsContract = (title: string, open: () => Promise<HostsStage>): void => {
  describe(`the hosts port: ${title}`, () => {
    let stage: HostsStage
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const { read, run, isThere, place } = {
      place: (name: string) => `${stage.folder}/${name}`,
      read: (argv: readonly string[], host = stage.host, options: object = {}) =>
        stage.ports.read.hosts.read(host, argv, { ...limits, ...options }),
      run: (argv: readonly string[], host = stage.host, options: object = {}) =>
        stage.ports.act.hosts.run(host, argv, { ...limits, ...options }),
      isThere: async (path: string) => (await read(['test', '-d', path])).exitCode === 0,
    }
    const look = () => read(['test', '-d', stage.folder])
    const isBack = () =>
      expect
        .poll(
          () =>
            look().then(
              () => 'back',
              (error: Error) => error.message,
            ),
          patient,
        )
        .toBe('back')
    const shown = (host = stage.host, options: object = {}) => stage.ports.read.hosts.showHostKey(host, { ...limits, ...options })
    const check = async (host = stage.host, options: object = {}) => {
      const heard: HostCheckStep[] = []
      const onStep = (step: HostCheckStep) => heard.push(step)
      const steps = await stage.ports.read.hosts.check(host, { ...limits, profile: stage.profile, onStep, ...options })
      expect(heard).toEqual(steps)
      expect(steps.map(({ name }) => name)).toEqual(inOrder)
      return steps
    }
    /** The first steps are as told, and all the others were skipped. */
    const expectVerdicts = (steps: readonly HostCheckStep[], ...first: HostCheckStep['verdict'][]) =>
      expect(steps.map(({ verdict }) => verdict)).toEqual([...first, ...Array(inOrder.length - first.length).fill('skipped')])

    test('a command that fails is a result with its exit code, and one that the host does not have ends with 127', async () => {
      expect(await isThere(place('one'))).toBe(false)
      expect(await run(['mkdir', place('one')])).toMatchObject({ exitCode: 0, signal: null, stderr: '', isCut: false })
      expect(await isThere(place('one'))).toBe(true)
      expect((await run(['mkdir', place('one')])).exitCode).toBe(1)
      expect((await run(['rmdir', place('one')])).exitCode).toBe(0)
      expect((await run(['rmdir', place('one')])).exitCode).toBe(1)
      expect((await read(['no-such-command'])).exitCode).toBe(127)
      expect((await run(['no-such-command'])).exitCode).toBe(127)
    })

    test('an argument arrives as it is, whatever a shell would make of it', async () => {
      const odd = place(`it's "two" words; $(id) \n * 🐘`)
      expect((await run(['mkdir', odd])).exitCode).toBe(0)
      expect(await isThere(odd)).toBe(true)
      expect((await run(['rmdir', odd])).exitCode).toBe(0)
    })

    test('what a command writes is heard as it comes and stands in its result', async () => {
      const heard = { stdout: '', stderr: '' }
      const onOutput = (stream: 'stdout' | 'stderr', piece: string) => {
        heard[stream] += piece
      }
      const { stdout, stderr } = await run(['rmdir', place('missing')], stage.host, { onOutput })
      expect(stderr).toContain('missing')
      expect(heard).toEqual({ stdout, stderr })
    })

    test('a command that was cancelled before it began is over, and nothing has happened; the same for a key and for a check', async () => {
      const given = { signal: AbortSignal.abort() }
      await expect(run(['mkdir', place('never')], stage.host, given)).rejects.toMatchObject(neverStarted('shell.cancelled'))
      await expect(read(['test', '-d', '/'], stage.host, given)).rejects.toMatchObject(neverStarted('shell.cancelled'))
      await expect(shown(stage.host, given)).rejects.toMatchObject({ code: 'shell.cancelled' })
      await expect(check(stage.host, given)).rejects.toMatchObject({ code: 'shell.cancelled' })
      expect(await isThere(place('never'))).toBe(false)
    })

    test('a command is ended when it is cancelled, and at its deadline, and then it is known to be over', async () => {
      const stop = new AbortController()
      const first = stage.endless()
      const ending = faultOf(run(first.argv, stage.host, { signal: stop.signal }))
      await first.begun()
      stop.abort()
      expect(await ending).toMatchObject({ code: 'shell.cancelled', facts: { isOver: true } })
      const second = await faultOf(run(stage.endless().argv, stage.host, { timeoutMs: 5_000 }))
      expect(second).toMatchObject({ code: 'shell.timeout', facts: { isOver: true } })
    })

    test('an answer that is lost with its connection leaves unknown what happened: it may have; the next command runs', async () => {
      expect((await faultOf(run(stage.losing(place('lost'))))).code).toBe('shell.timeout')
      expect(await isThere(place('lost'))).toBe(true)
    })

    test('nothing runs on a host whose key is not pinned, or is another than the pinned one; its key can be seen all the same', async () => {
      const unpinned = { ...stage.host, hostKey: null }
      const stranger = { ...stage.host, hostKey: `SHA256:${'A'.repeat(43)}` }
      for (const way of [read, run]) {
        await expect(way(['mkdir', place('never')], unpinned)).rejects.toMatchObject({ code: 'shell.host-key-unknown' })
        await expect(way(['mkdir', place('never')], stranger)).rejects.toMatchObject({
          code: 'shell.host-key-changed',
          facts: { isOver: true, expected: stranger.hostKey, offered: stage.host.hostKey },
        })
      }
      expect(await isThere(place('never'))).toBe(false)
      expect((await shown(unpinned)).fingerprint).toBe(stage.host.hostKey)
      const [, toPin] = await check(unpinned)
      expect(toPin!.because).toContain(stage.host.hostKey)
      expect(toPin!.because).toContain('ssh-keygen -lf')
      expectVerdicts(await check(unpinned), 'pass', 'warn')
      expectVerdicts(await check(stranger), 'pass', 'fail')
    })

    test('a good host passes its check step by step', async () => {
      const steps = await check()
      const must = ['reachable', 'host-key', 'login', 'machine', 'binaries', 'versions', 'clock']
      expect(steps.filter(({ name, verdict }) => must.includes(name) && verdict !== 'pass')).toEqual([])
      expect(steps.find(({ name }) => name === 'versions')!.because).toMatch(/\d+\.\d+ in \//)
    })

    test('an account that it does not let in is denied', async () => {
      const other = { ...stage.host, user: 'somebody-else' }
      await expect(read(['true'], other)).rejects.toMatchObject({ code: 'shell.denied' })
      await expect(run(['true'], other)).rejects.toMatchObject({ code: 'shell.denied' })
      expectVerdicts(await check(other), 'pass', 'pass', 'fail')
    })

    test('where nothing listens it is unreachable, and surely nothing has begun', async () => {
      await expect(read(['true'], stage.nowhere)).rejects.toMatchObject(neverStarted('shell.unreachable'))
      await expect(run(['true'], stage.nowhere)).rejects.toMatchObject(neverStarted('shell.unreachable'))
      expect((await faultOf(shown(stage.nowhere))).code).toBe('shell.unreachable')
      expectVerdicts(await check(stage.nowhere), 'fail')
    })

    test('a host that refuses the console’s key still shows its own', async () => {
      const mend = await stage.refuseKey()
      await expect.poll(async () => (await faultOf(look())).code, patient).toBe('shell.denied')
      expect((await faultOf(run(['mkdir', place('never')]))).code).toBe('shell.denied')
      expect((await shown()).fingerprint).toBe(stage.host.hostKey)
      const steps = await check()
      expectVerdicts(steps, 'pass', 'pass', 'fail')
      expect(steps[2]!.because).toContain('authorized_keys')
      await mend()
      await isBack()
      expect(await isThere(place('never'))).toBe(false)
    })

    test('a host that hangs holds nobody up past the deadline, and what was sent to it is not said to be over', async () => {
      await look()
      const mend = await stage.freeze()
      const askedAt = performance.now()
      const fault = await faultOf(read(['test', '-d', stage.folder], stage.host, { timeoutMs: 1_000 }))
      expect([fault.code, fault.facts.isOver === true]).toEqual(['shell.timeout', false])
      expect((await faultOf(shown(stage.host, { timeoutMs: 500 }))).code).toBe('shell.unreachable')
      expectVerdicts(await check(stage.host, { timeoutMs: 500 }), 'fail')
      const stop = new AbortController()
      const waiting = faultOf(shown(stage.host, { signal: stop.signal }))
      stop.abort()
      expect((await waiting).code).toBe('shell.cancelled')
      expect(performance.now() - askedAt).toBeLessThan(limits.timeoutMs / 2)
      await mend()
      await isBack()
    })

    test('a host that does not answer is unreachable both to looks and to actions', async () => {
      const mend = await stage.cutOff()
      // A connection that was open is only found broken by its next use.
      await expect.poll(async () => (await faultOf(look())).code, patient).toBe('shell.unreachable')
      await expect(run(['mkdir', place('never')])).rejects.toMatchObject(neverStarted('shell.unreachable'))
      expect((await faultOf(shown())).code).toBe('shell.unreachable')
      expectVerdicts(await check(), 'fail')
      await mend()
      await isBack()
      expect(await isThere(place('never'))).toBe(false)
    })
  })
}
