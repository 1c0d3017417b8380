import { connect, createServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startNames, type TestNames } from '@/e2e/harness/daemons/named'
import { recordSet } from '@/lib/domain/dns/records'
import { isFault } from '@/lib/kernel/ground/errors'
import type { ZoneSettings } from '@/lib/ports/zones'
import { namesContract } from '../contract/names-contract'
import { makeNames } from './index'

const settingsOf = (names: TestNames): ZoneSettings => ({
  address: { zoneId: 'z', name: names.zone, provider: 'rfc2136' },
  authoritativeServers: [names.primary, names.secondary].map(({ address, port }) => `${address}:${port}`),
  resolvers: [`${names.primary.address}:${names.primary.port}`],
  settings: {
    primaryHost: names.primary.address,
    primaryPort: names.primary.port,
    keyName: names.key.name,
    keyAlgorithm: names.key.algorithm,
    keySecret: names.key.secret,
  },
})

namesContract('names in BIND', async () => {
  const names = await startNames()
  const settings = settingsOf(names)
  const { read, act } = makeNames(async () => settings)
  return {
    ports: { read: { names: read }, act: { names: act } },
    zone: settings.address,
    put: (records) =>
      names.nsupdate(
        ...records.flatMap(({ name, type, values, ttlSeconds }) =>
          values.map((value) => `update add ${name} ${ttlSeconds} ${type} ${value}`),
        ),
      ),
    witness: (name, type) =>
      names.dig(names.primary, type, name).then((lines) => lines.filter((line) => type === 'CNAME' || !line.endsWith('.'))),
    cutOff: async () => {
      await names.kill('primary')
      return () => names.start('primary')
    },
    cutOffServer: async () => {
      await names.kill('secondary')
      return () => names.start('secondary')
    },
    stop: names.stop,
  }
})

describe('an RFC 2136 zone', () => {
  let names: TestNames
  let settings: ZoneSettings
  beforeAll(async () => {
    names = await startNames()
    settings = settingsOf(names)
  })
  afterAll(() => names?.stop())
  afterEach(() => vi.restoreAllMocks())

  const limits = { timeoutMs: 3_000 }
  const setTo = (over: ZoneSettings['settings']): Partial<ZoneSettings> => ({ settings: { ...settings.settings, ...over } })
  let counter = 0
  const add = async (over: Partial<ZoneSettings> = {}, name = `t${++counter}.${names.zone}`) => {
    const { act } = makeNames(async () => ({ ...settings, ...over }))
    const next = [recordSet(name, 'A', ['192.0.2.1'], 60)]
    const fault = await act
      .replace(settings.address, { name, types: ['A', 'CNAME'], expected: [], next }, limits)
      .catch((error: unknown) => error)
    return { fault: isFault(fault) ? fault : null, held: await names.dig(names.primary, 'A', name) }
  }

  test('a wrong secret, a wrong name and a wrong algorithm of the key are refused, each with its own reason, and nothing happens', async () => {
    for (const [wrong, tsig] of [
      [{ keySecret: Buffer.alloc(32).toString('base64') }, 'BADSIG'],
      [{ keyName: 'stranger' }, 'BADKEY'],
      [{ keyAlgorithm: 'hmac-sha512' }, 'BADKEY'],
    ] as const) {
      const { fault, held } = await add(setTo(wrong))
      expect(fault).toMatchObject({ code: 'dns.refused', facts: { tsig, isOver: true } })
      expect(fault?.message).toContain('NOTAUTH')
      expect(fault?.message).not.toContain(String('keySecret' in wrong ? wrong.keySecret : settings.settings.keySecret))
      expect(held).toEqual([])
    }
  })

  test('clocks that differ by an hour are told as such', async () => {
    const now = Date.now
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000)
    const { fault } = await add()
    vi.restoreAllMocks()
    expect(fault).toMatchObject({ code: 'dns.refused', facts: { tsig: 'BADTIME' } })
    expect(fault?.message).toContain('clock')
  })

  test('an unsigned update is not even sent unless the zone says so, and then the server refuses it', async () => {
    const unsent = await add(setTo({ keyName: null }))
    expect(unsent.fault).toMatchObject({ code: 'dns.refused', facts: { isOver: true } })
    expect(unsent.fault?.message).toContain('unsigned updates are not allowed')
    const refused = await add(setTo({ keyName: null, allowUnsigned: true }))
    expect(refused.fault).toMatchObject({ code: 'dns.refused', facts: { rcode: 'REFUSED' } })
    expect(refused.held).toEqual([])
  })

  test.each(['hmac-sha384', 'hmac-sha512'])('%s signs as BIND expects', async (algorithm) => {
    const other = await startNames({ algorithm })
    try {
      const { act } = makeNames(async () => settingsOf(other))
      const name = `x.${other.zone}`
      const next = [recordSet(name, 'AAAA', ['2001:db8::53'], 60)]
      await act.replace(settings.address, { name, types: ['AAAA', 'CNAME'], expected: [], next }, limits)
      expect(await other.dig(other.primary, 'AAAA', name)).toEqual(['2001:db8::53'])
    } finally {
      await other.stop()
    }
  })

  test('what the server takes and silently ignores is told as refused', async () => {
    const { act } = makeNames(async () => settings)
    const name = `taken.${names.zone}`
    const next = [recordSet(name, 'CNAME', [`h1.${names.zone}`], 60)]
    await expect(act.replace(settings.address, { name, types: ['A', 'AAAA', 'CNAME'], expected: [], next }, limits)).rejects.toMatchObject({
      code: 'dns.refused',
      message: expect.stringContaining('ignored it'),
    })
  })

  test('a server that hangs is not waited for beyond the deadline, and a secondary that hangs is named', async () => {
    await names.freeze('primary', true)
    try {
      const startedAt = performance.now()
      const { fault } = await makeNames(async () => settings)
        .act.replace(settings.address, { name: `h.${names.zone}`, types: ['A'], expected: [], next: [] }, { timeoutMs: 400 })
        .then(() => ({ fault: null }))
        .catch((error: unknown) => ({ fault: error }))
      expect(fault).toMatchObject({ code: 'dns.timeout' })
      expect(performance.now() - startedAt).toBeLessThan(2_000)
    } finally {
      await names.freeze('primary', false)
    }
    await names.freeze('secondary', true)
    try {
      const answers = await makeNames(async () => settings).read.authoritative(settings.address, `h.${names.zone}`, { timeoutMs: 600 })
      expect(answers.map(({ code }) => code)).toEqual(['NXDOMAIN', 'timeout'])
    } finally {
      await names.freeze('secondary', false)
    }
  })

  /** Between console and server: changes each answer on its way back. */
  const between = async (change: (answer: Buffer) => Buffer): Promise<{ port: number; close: () => void }> => {
    const server: Server = createServer((client) => {
      const upstream = connect(names.primary.port, names.primary.address)
      client.on('error', () => upstream.destroy())
      upstream.on('error', () => client.destroy())
      client.pipe(upstream)
      upstream.on('data', (data) => {
        const answer = change(Buffer.from(data.subarray(2)))
        client.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]))
      })
      upstream.on('close', () => client.end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { port: (server.address() as { port: number }).port, close: () => server.close() }
  }

  test('an answer that was changed, or whose signature was taken away, is not believed', async () => {
    const broken = (answer: Buffer) => {
      answer.writeUInt8(answer.readUInt8(answer.length - 20) ^ 1, answer.length - 20)
      return answer
    }
    const bare = (answer: Buffer) => {
      answer.writeUInt16BE(0, 10)
      return answer.subarray(0, 12 + names.zone.length + 2 + 4)
    }
    for (const [change, why] of [
      [broken, 'does not match'],
      [bare, 'is missing'],
    ] as const) {
      const proxy = await between(change)
      try {
        const { fault } = await add(setTo({ primaryHost: '127.0.0.1', primaryPort: proxy.port }))
        expect(fault).toMatchObject({ code: 'dns.untrusted' })
        expect(fault?.message).toContain(why)
        expect(fault?.facts.isOver).toBeUndefined()
      } finally {
        proxy.close()
      }
    }
  })

  test('the check names the step that fails: another zone, a key that is not accepted', async () => {
    const check = async (over: Partial<ZoneSettings>) =>
      (await makeNames(async () => ({ ...settings, ...over })).read.check(settings.address, { timeoutMs: 10_000 })).map(
        ({ name, verdict }) => `${name} ${verdict}`,
      )
    expect(await check({ address: { ...settings.address, name: 'other.test' } })).toContain('zone fail')
    expect(await check(setTo({ keySecret: Buffer.alloc(32).toString('base64') }))).toContain('key fail')
    expect(await check(setTo({ keySecret: null }))).toContain('key fail')
    expect(await check(setTo({ primaryHost: null }))).toContain('primary fail')
  })
})
