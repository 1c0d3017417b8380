import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { plainName, type RecordSet, type RecordType, recordSet, recordTypes, rivalsOf, sameValues } from '@/lib/domain/dns/records'
import type { NameAnswer, SomePorts, ZoneAddress } from '@/lib/ports'
import { codeOf } from './code-of'

export interface NamesStage {
  ports: SomePorts<'names'>
  zone: ZoneAddress
  /** By another hand than ours: puts these records at a name that holds none. */
  put: (records: readonly RecordSet[]) => Promise<void>
  /** By another eye than ours: the values of one type at a name, as the source of truth holds them. */
  witness: (name: string, type: RecordType) => Promise<string[]>
  /** Takes the source of truth away, and gives back how to bring it again. */
  cutOff: () => Promise<() => Promise<void>>
  /** Takes one authoritative server away that is not the source of truth. */
  cutOffServer: () => Promise<() => Promise<void>>
  stop: () => Promise<void>
}

const limits = { timeoutMs: 5_000 }
const sorted = (values: readonly string[]) => values.map(plainName).sort()

/** The contract for moving names, of the twin and of the real adapter alike. */
export const namesContract = (title: string, open: () => Promise<NamesStage>) => {
  describe(title, () => {
    let stage: NamesStage
    let counter = 0
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const fresh = () => `n${++counter}.${stage.zone.name}`
    const alias = (name: string, host: string, ttlSeconds = 60) => recordSet(name, 'CNAME', [`${host}.${stage.zone.name}`], ttlSeconds)
    const addresses = (name: string, values: string[], ttlSeconds = 60) => recordSet(name, 'A', values, ttlSeconds)
    const replace = (name: string, type: RecordType, expected: RecordSet[], next: RecordSet[], signal?: AbortSignal) =>
      stage.ports.act.names.replace(stage.zone, { name, types: rivalsOf(type), expected, next }, { ...limits, signal })
    const current = (name: string) => stage.ports.read.names.current(stage.zone, name, limits)
    const authoritative = (name: string) => stage.ports.read.names.authoritative(stage.zone, name, limits)
    const serving = (answers: readonly NameAnswer[]) => answers.filter(({ code, isAuthoritative }) => isAuthoritative && code === 'NOERROR')

    test('a name that nobody made holds nothing, and every authoritative server says so', async () => {
      const name = fresh()
      expect(await current(name)).toEqual([])
      const answers = await authoritative(name)
      expect(answers.length).toBeGreaterThanOrEqual(2)
      for (const answer of answers) expect(answer).toMatchObject({ isAuthoritative: true, code: 'NXDOMAIN', records: [] })
    })

    test('a name is made, moved and taken away; the source of truth, every server and the witness agree each time', async () => {
      const name = fresh()
      for (const [expected, next] of [
        [[], [alias(name, 'h1')]],
        [[alias(name, 'h1')], [alias(name, 'h2', 30)]],
        [[alias(name, 'h2', 30)], []],
      ] as const) {
        await replace(name, 'CNAME', [...expected], [...next])
        expect(await current(name)).toEqual(next)
        expect(sorted(await stage.witness(name, 'CNAME'))).toEqual(next[0]?.values ?? [])
        await expect
          .poll(async () => (await authoritative(name)).every(({ records }) => sameValues(records, next)), { timeout: 20_000 })
          .toBe(true)
      }
    })

    test('an address gives way to an alias in one update, and the other way round; several addresses are one set', async () => {
      const name = fresh()
      const both = [addresses(name, ['192.0.2.2', '192.0.2.1']), recordSet(name, 'AAAA', ['2001:db8::1'], 60)]
      await replace(name, 'CNAME', [], both)
      expect(sorted(await stage.witness(name, 'A'))).toEqual(['192.0.2.1', '192.0.2.2'])
      await replace(name, 'CNAME', both, [alias(name, 'h1')])
      expect(await current(name)).toEqual([alias(name, 'h1')])
      expect(await stage.witness(name, 'A')).toEqual([])
      await replace(name, 'A', [alias(name, 'h1')], [addresses(name, ['192.0.2.9'])])
      expect(await current(name)).toEqual([addresses(name, ['192.0.2.9'])])
    })

    test('records of types that the change is not about are left alone', async () => {
      const name = fresh()
      const six = recordSet(name, 'AAAA', ['2001:db8::6'], 60)
      await stage.put([six, addresses(name, ['192.0.2.1'])])
      await replace(name, 'A', [addresses(name, ['192.0.2.1'])], [addresses(name, ['192.0.2.7'])])
      expect((await current(name)).find(({ type }) => type === 'AAAA')).toEqual(six)
      expect(await stage.witness(name, 'A')).toEqual(['192.0.2.7'])
    })

    test('what somebody else wrote meanwhile is left as it is, and the fault says so', async () => {
      const name = fresh()
      await stage.put([alias(name, 'theirs')])
      for (const expected of [[], [alias(name, 'h1')], [addresses(name, ['192.0.2.1'])]])
        expect(await codeOf(replace(name, 'CNAME', expected, [alias(name, 'ours')]))).toBe('dns.changed')
      expect(sorted(await stage.witness(name, 'CNAME'))).toEqual([`theirs.${stage.zone.name}`])
    })

    test('one of several values gone missing is a change, too', async () => {
      const name = fresh()
      await stage.put([addresses(name, ['192.0.2.1'])])
      expect(await codeOf(replace(name, 'A', [addresses(name, ['192.0.2.1', '192.0.2.2'])], [addresses(name, ['192.0.2.3'])]))).toBe(
        'dns.changed',
      )
      expect(await stage.witness(name, 'A')).toEqual(['192.0.2.1'])
    })

    test('a name outside the zone is refused', async () => {
      const name = 'stranger.example'
      expect(await codeOf(replace(name, 'A', [], [addresses(name, ['192.0.2.1'])]))).toBe('dns.refused')
    })

    test('a cancelled change never begins', async () => {
      const name = fresh()
      const fault = await replace(name, 'A', [], [addresses(name, ['192.0.2.1'])], AbortSignal.abort()).catch((error: unknown) => error)
      expect(fault).toBeInstanceOf(Error)
      expect(await stage.witness(name, 'A')).toEqual([])
    })

    test('one authoritative server that is down is an answer that says so, and the others answer', async () => {
      const name = fresh()
      await stage.put([alias(name, 'h1')])
      await expect.poll(async () => serving(await authoritative(name)).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2)
      const restore = await stage.cutOffServer()
      try {
        const answers = await stage.ports.read.names.authoritative(stage.zone, name, { timeoutMs: 1_500 })
        expect(serving(answers).length).toBe(answers.length - 1)
        expect(answers.find((one) => !serving([one]).length)?.code).toMatch(/timeout|unreachable/)
      } finally {
        await restore()
      }
    })

    test('without the source of truth nothing is read or changed, and the fault says that nothing was sent', async () => {
      const name = fresh()
      const restore = await stage.cutOff()
      try {
        expect(await codeOf(stage.ports.read.names.current(stage.zone, name, { timeoutMs: 1_500 }))).toBe('dns.unreachable')
        const fault = await replace(name, 'A', [], [addresses(name, ['192.0.2.1'])]).catch((error: unknown) => error)
        expect(fault).toMatchObject({ code: 'dns.unreachable', facts: { isOver: true } })
        const steps = await stage.ports.read.names.check(stage.zone, limits)
        expect(steps[0]).toMatchObject({ name: 'primary', verdict: 'fail' })
      } finally {
        await restore()
      }
      expect(await current(name)).toEqual([])
    })

    test('the check of a zone that is well fails at no step', async () => {
      const told: string[] = []
      const steps = await stage.ports.read.names.check(stage.zone, {
        ...limits,
        timeoutMs: 20_000,
        onStep: ({ title }) => told.push(title),
      })
      expect(steps.filter(({ verdict }) => verdict === 'fail')).toEqual([])
      expect(told).toEqual(steps.map(({ title }) => title))
    })

    test('types are told apart', async () => {
      const name = fresh()
      await stage.put([addresses(name, ['192.0.2.1'])])
      for (const type of recordTypes) expect((await stage.witness(name, type)).length).toBe(type === 'A' ? 1 : 0)
    })
  })
}
