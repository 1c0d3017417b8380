import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeInventory } from '@/db/fleet/inventory'
import { saveHealth } from '@/db/health/save'
import { getPool } from '@/db/pg/client'
import { sumFleet } from '@/db/samples/fleet'
import { saveSamples } from '@/db/samples/save'
import { saveStatements } from '@/db/statements/save'
import { runCli } from '@/e2e/harness/cli'
import { DescribedApi } from '@/e2e/harness/described-api'
import { instanceId } from '@/e2e/harness/workers'
import { startLiveLooks } from '@/jobs/observer/live-looks'
import { lookAtSettings } from '@/jobs/observer/observe-settings'
import type { Session } from '@/lib/domain/activity/session'
import { exitCodes } from '../exit-codes'

let stage: DescribedApi
let home: string
let looks: { stop: () => Promise<void> }
const primary = instanceId('shop on d2')
const matriarch = (args: string[], more?: Parameters<typeof runCli>[2]) =>
  runCli({ url: stage.api.url, token: stage.token, home }, args, more)
const linesOf = async (args: string[]) => {
  const { code, out, err } = await matriarch(args)
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return out.trimEnd().split('\n')
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'mcli-'))
  stage = await DescribedApi.open()
  const log = { info: () => {}, warn: () => {}, error: () => {} } as never
  looks = await startLiveLooks({ ...stage.bench.served.fleet.read, inventory: makeInventory(), log })
})
afterAll(async () => {
  await looks?.stop()
  await stage?.close()
  rmSync(home, { recursive: true, force: true })
})

const session = (pid: number, more: Partial<Session>): Session => ({
  pid,
  startedAt: '2026-03-01T12:00:00.000000Z',
  kind: 'client backend',
  database: 'shop',
  user: 'app',
  application: 'web',
  client: '10.0.0.9',
  state: 'active',
  waitType: null,
  wait: null,
  ageSeconds: 600,
  transactionSeconds: 75,
  statementSeconds: 75,
  stateSeconds: 75,
  statementAt: '2026-03-01T12:09:00.000000Z',
  heldBack: null,
  statement: 'update orders\n   set paid = true\u001b[31m',
  blockedBy: [],
  ...more,
})

test('activity shows who is busy, and as a tree who waits for whom; nothing that a client sent reaches the terminal as control characters', async () => {
  stage.bench.served.fleet.instance('shop on d2').sessions = [
    session(11, { state: 'idle in transaction' }),
    session(12, { waitType: 'Lock', wait: 'transactionid', blockedBy: [11] }),
    session(13, { state: 'idle', transactionSeconds: null }),
  ]
  const busy = await linesOf(['activity', 'shop', '--env', 'dev'])
  const ours = busy.filter((line) => line.startsWith('shop on d2'))
  expect(ours.map((line) => line.split(/ {2,}/)[1])).toEqual(['11', '12'])
  expect(ours[1]).toMatch(/Lock: transactionid +1 min 15 s .*update orders set paid = true\uFFFD\[31m$/)
  expect((await linesOf(['activity', 'shop on d2', '--all'])).filter((line) => /^shop on d2 +1[123] /.test(line))).toHaveLength(3)
  const tree = await linesOf(['activity', primary, '--blocked'])
  expect(tree.map((line) => line.slice(0, 10))).toEqual(['shop on d2', '  └ 11 app', '    └ 12 a'])
  expect(JSON.parse((await matriarch(['activity', primary, '-o', 'json'])).out)).toMatchObject([{ title: 'shop on d2', because: null }])
})

test('when no member can be asked that is said for each, and the exit code tells', async () => {
  const { fleet } = stage.bench.served
  for (const host of ['p1', 'p2']) fleet.host(host).power = 'off'
  const { code, err } = await matriarch(['activity', 'crm'])
  expect(code).toBe(exitCodes.failed)
  for (const title of ['crm on p1', 'crm on p2']) expect(err).toContain(`${title}: the last look saw nothing: `)
  const log = await matriarch(['log', 'crm on p1'])
  expect([log.code, log.out]).toEqual([exitCodes.failed, ''])
  expect(log.err).toContain('crm on p1: the last look saw nothing: ')
})

test('the logs of a herd are one: each message names its member, and a herd of which none can be read fails with the reason of each', async () => {
  const lines = await linesOf(['log', 'shop'])
  expect(lines.join('\n')).toMatch(/^shop on d\d: .* LOG: database system is ready to accept connections$/m)
  const crm = await matriarch(['log', 'crm'])
  expect([crm.code, crm.out]).toEqual([exitCodes.failed, ''])
  expect(crm.err).toContain('crm on p1: the last look saw nothing: ')
})

test('a log is read, searched, and followed: each message is printed once', async () => {
  expect((await linesOf(['log', 'shop on d2'])).join('\n')).toMatch(/ LOG: database system is ready to accept connections$/)
  expect(await linesOf(['log', 'shop on d2', '--level', 'errors'])).toEqual([''])
  const instance = stage.bench.served.fleet.instance('shop on d2')
  const followed = await matriarch(['log', 'shop on d2', '-f'], {
    onOut: (out, end) => {
      const messages = out.match(/ready to accept connections\n/g) ?? []
      if (messages.length === 1) instance.pid = 4242
      if (messages.length === 2) end()
    },
  })
  expect(followed.out.trimEnd().split('\n')).toHaveLength(2)
  expect(followed.out).toContain('[4242]')
  expect((await matriarch(['log', 'shop on d2', '-f', '-o', 'json'])).code).toBe(exitCodes.usage)
})

test('samples give of each figure the last, the lowest and the highest, and their series as CSV and JSON', async () => {
  await getPool().query('delete from samples_fresh where subject = $1', [primary])
  await saveSamples([
    { subject: primary, secondsAgo: 80, figures: [9] },
    { subject: primary, secondsAgo: 20, figures: [3] },
  ])
  const [head, row] = await linesOf(['samples', 'shop on d2', '--metrics', 'active,commits'])
  expect(head).toMatch(/^OF +FIGURE +NOW +LOWEST +MEAN +HIGHEST +SEEN$/)
  expect(row).toMatch(/^shop on d2 +Active sessions +3 +3 +6 +9 +\d{4}-/)
  expect((await linesOf(['samples', 'shop on d2', '--metrics', 'active,commits']))[2]).toMatch(/Commits +no samples +- /)
  expect((await linesOf(['samples', 'shop on d2', '--metrics', 'active', '-o', 'csv']))[0]!.trim()).toBe('time,title,metric,low,mean,high')
  expect(JSON.parse((await matriarch(['samples', 'd1', '-o', 'json'])).out).metrics[0].name).toBe('cpu')
  await sumFleet()
  expect((await linesOf(['samples', '--metrics', 'active']))[1]).toMatch(/^dev +Active sessions +\d/)
  const wrong = await matriarch(['samples', 'd1', '--metrics', 'speed'])
  expect([wrong.code, wrong.err]).toEqual([exitCodes.usage, expect.stringContaining('cpu')])
})

test('a timeline is read page by page to its beginning', async () => {
  await getPool().query(
    `insert into fleet_events (at, kind, instance_id, herd_id, server_id, environment_id, title, was, became)
     select now() - n * interval '1 minute', 'role', id, herd_id, server_id, environment_id, title, 'standby', 'primary'
     from instances, generate_series(1, 5) n where id = $1`,
    [primary],
  )
  const part = await matriarch(['timeline', 'shop on d2', '--kind', 'role', '--per', '2'])
  expect(part.out.trimEnd().split('\n')).toHaveLength(3)
  expect(part.err).toContain('There is more before these')
  const all = await linesOf(['timeline', 'shop on d2', '--kind', 'role', '--per', '2', '--all'])
  expect(all.filter((line) => line.includes('Is the primary now, was a standby'))).toHaveLength(5)
  expect((await linesOf(['timeline', 'd2', '--kind', 'role', '-o', 'csv']))[0]!.trim()).toBe('at,kind,title,what,who,because,seconds,proof')
})

test('settings are shown of one, side by side of a herd, and found over the fleet', async () => {
  const { fleet } = stage.bench.served
  for (const title of ['shop on d1', 'shop on d2'])
    await lookAtSettings(
      fleet.read.serverSettings,
      { id: instanceId(title), address: fleet.instance(title).inventory.address },
      { timeoutMs: 5_000 },
    )
  const [, first] = await linesOf(['settings', 'shop on d2'])
  const [name, value] = first!.split(/ {2,}/) as [string, string]
  const all = await linesOf(['settings', 'shop', '--env', 'dev', '--all'])
  expect(all[0]).toMatch(/^SETTING +GROUP +SHOP ON D1 +SHOP ON D2$/)
  expect(all.some((line) => line.startsWith(`${name} `))).toBe(true)
  const found = await linesOf(['settings', '--name', name, '--compare', 'is', '--value', value, '--env', 'dev'])
  expect(found.some((line) => line.startsWith('shop on d2 '))).toBe(true)
  expect((await linesOf(['settings', '--name', name, '-o', 'csv']))[0]).toMatch(/^instance,role,setting,value/)
  expect((await linesOf(['settings', 'shop on d2', '--changes']))[0]).toMatch(/^AT +OF +SETTING/)
})

test('top statements and health are shown with what they are about', async () => {
  const counters = { calls: 2, totalMs: 3_000, rows: 2, blocksHit: 0, blocksRead: 0, ioMs: 0, tempBlocks: 0, walBytes: 0 }
  const text = 'select $1\n from orders'
  await saveStatements(primary, {
    state: 'seen',
    resetAt: null,
    statements: [{ queryId: '-7', user: 'app', database: 'shop', text, ...counters }],
  })
  expect((await linesOf(['statements', 'shop on d2', '--order', 'calls']))[1]).toMatch(
    /^3 s +2 +1.5 s .* app +shop +select \$1 from orders$/,
  )
  const none = await matriarch(['statements', 'shop on d1'])
  expect([none.code, none.err]).toEqual([exitCodes.failed, expect.stringContaining('nobody has looked yet')])
  const left = { database: '', object: 'left', value: 5e10, atLeast: null, details: { active: false } }
  await saveHealth(primary, [{ kind: 'slot', found: [left], because: null, notApplicable: null }])
  const shown = await linesOf(['health', 'shop', '--env', 'dev'])
  expect(shown.find((line) => line.startsWith('critical'))).toMatch(/ shop on d2 +left +/)
  expect((await linesOf(['health', 'shop on d2', '--all'])).length).toBeGreaterThan(shown.length - 1)
})

test('a name that several things have is refused with the option that chooses, and one that nobody has by name', async () => {
  const both = await matriarch(['timeline', 'shop', '--env', 'nowhere'])
  expect(both.code).toBe(exitCodes.usage)
  const nobody = await matriarch(['samples', 'shop on d9'])
  expect([nobody.code, nobody.err]).toEqual([
    exitCodes.usage,
    expect.stringContaining('No instance, herd or server that you may see is called shop on d9.'),
  ])
  const wrong = await matriarch(['samples', 'shop', '--of', 'pooler'])
  expect([wrong.code, wrong.err]).toEqual([exitCodes.usage, expect.stringContaining('--of takes instance, herd or server.')])
  const herd = await matriarch(['samples', 'shop', '--of', 'herd', '-o', 'json'])
  expect(JSON.parse(herd.out).series.length).toBeGreaterThan(15)
  await getPool().query("update servers set hostname = 'shop' where hostname = 'd1'")
  const two = await matriarch(['samples', 'shop'])
  expect([two.code, two.err]).toEqual([exitCodes.usage, expect.stringContaining('--of herd or server')])
  await getPool().query("update servers set hostname = 'd1' where hostname = 'shop'")
})
