import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AptHost, type Deb, dropDebs, serverScripts } from '@/e2e/harness/apt-host'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, manageLabPoolers, openLabHerd, openOtherHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { startLoad, verify } from '@/lib/playground/lab/load-cli'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { upgradeMinor } from '.'
import { rollingMinorUpgrade } from './rolling'

const major = postgresMajor()
const server = `postgresql-${major}`
const cron = `${server}-cron`
const members = ['a', 'b']
const brokenFile = '/var/tmp/postinst-fails'
const of = (minor: number): Deb => ({ name: server, version: `${major}.${minor}-1`, scripts: serverScripts(major, brokenFile) })
const cronOf = (version: string, depends?: string): Deb => ({ name: cron, version, ...(depends === undefined ? {} : { depends }) })

let herd: LabHerd
/** A second one on hosts of its own, which only the run over both touches. */
let other: LabHerd
const otherMembers = ['c', 'd']
const apt = new Map<string, AptHost>()
const on = (host: string) => apt.get(host)!
beforeAll(async () => {
  const poolers = [
    { host: 'front', herd: 'shop' },
    { host: 'side', herd: 'till' },
  ]
  herd = await openLabHerd(testFleet({ shop: 'a > b', till: 'c > d' }, { idleHosts: ['front', 'side'], poolers }), 'shop')
  other = await openOtherHerd(herd.lab, 'till')
  await Promise.all([manageLabPoolers(herd), manageLabPoolers(other, 'c')])
  const installed = [of(18), cronOf('1.4-1', `${server} (<< ${major}.90)`)]
  await Promise.all([...members, ...otherMembers].map(async (host) => apt.set(host, await AptHost.open(herd.lab, host, installed))))
})
afterAll(async () => {
  dropDebs()
  await other?.close()
  await herd?.close()
})

const herdOf = (host: string) => (members.includes(host) ? herd : other)
const nameOf = (host: string) => herdOf(host).instance(host).herdName
const targetOf = (operation: Operation, host: string) => (operation.on === 'instance' ? herd.instance(host).id : nameOf(host))
const inputOf = (operation: Operation) =>
  operation.input.parse(operation === upgradeMinor ? {} : { canary: false, blockers: 'cut' }) as JsonObject
const planOf = (operation: Operation, host = 'a') =>
  makeTargetPlan(operation, herdOf(host).ports.read, inputOf(operation), targetOf(operation, host), new AbortController().signal)

const begin = async (operation: Operation, host = 'a') => {
  const { digest, reason } = await planOf(operation, host)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const job = { id: 'job', targetId: targetOf(operation, host), input: inputOf(operation), digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  return { journal, goOn: () => drive(operation, job, journal.open(), herdOf(host).ports, options) }
}
const troubles = (journal: MemoryJournal) =>
  journal.lines
    .flatMap((line) => ('because' in line && /failed|attention|refused/.test(line.kind) ? [String(line.because)] : []))
    .join('\n')

const probe = (host: string) => herdOf(host).ports.read.postgres.probe(herdOf(host).instance(host).address, { timeoutMs: 30_000 })
const startedAt = async (host: string) => (await probe(host)).postmasterStartedAt
const runs = async (host: string) => {
  const { state, role, upstream } = await probe(host)
  return [state, role, upstream?.status]
}

test('a source that offers nothing newer leaves nothing to do, and a package on hold is said', async () => {
  expect((await planOf(rollingMinorUpgrade)).reason).toBe('There is nothing to do: it is already in this state.')
  await Promise.all(members.map((host) => on(host).offer([of(19)])))
  await on('b').root('apt-mark', 'hold', server)
  expect((await planOf(upgradeMinor, 'b')).reason).toBe(`${server} is held on b. Where that is over: apt-mark unhold ${server}`)
  await on('b').root('apt-mark', 'unhold', server)
})

test('where an extension does not go with the new version it is refused with its name, and nothing is installed', async () => {
  await on('b').offer([of(95)])
  expect((await planOf(upgradeMinor, 'b')).reason).toBe(
    `apt would remove ${cron} from b for it: an extension there does not go with the new version.`,
  )
  await on('b').offer([cronOf('1.5-1', 'no-such-library')])
  expect((await planOf(upgradeMinor, 'b')).reason).toMatch(new RegExp(`${cron} : Depends: no-such-library`))
  await on('b').withdraw([of(95), cronOf('1.5-1')])
})

describe('apt-get fails', () => {
  test('on a file that is gone, or a lock of somebody else: PostgreSQL was not stopped, and the reason is apt’s own', async () => {
    const before = await startedAt('b')
    const file = on('b').lose(of(19))
    const gone = await begin(upgradeMinor, 'b')
    expect(await gone.goOn()).not.toBe('done')
    expect(troubles(gone.journal)).toMatch(/apt-get on b failed, and changed nothing: .*No such file or directory/)
    file.putBack()
    const free = await on('b').lock()
    const locked = await begin(upgradeMinor, 'b')
    expect(await locked.goOn()).not.toBe('done')
    await free()
    expect(troubles(locked.journal)).toMatch(/apt-get on b failed, and changed nothing: .*lock/)
    expect([await startedAt('b'), await on('b').versions()]).toEqual([before, expect.objectContaining({ [server]: `${major}.18-1 ii` })])
  })

  test('half-way: the standby is started and streams, the job needs attention and names the package, and is done once that is completed', async () => {
    herd.lab.hosts.writeFile('b', brokenFile, '')
    const { journal, goOn } = await begin(upgradeMinor, 'b')
    expect(await goOn()).toBe('attention')
    expect(troubles(journal)).toContain(
      `shop on b runs, and apt-get left its packages on b incomplete: ${server} ${major}.19-1 is half-configured.`,
    )
    expect(JSON.stringify(journal.lines)).toContain('post-installation script subprocess returned error exit status 3')
    expect(await runs('b')).toEqual(['online', 'standby', 'streaming'])
    expect((await planOf(rollingMinorUpgrade)).reason).toContain(`${server} ${major}.19-1 is half-configured on b`)

    await on('b').root('rm', brokenFile)
    await on('b').root('dpkg', '--configure', '-a')
    journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
    expect(await goOn()).toBe('done')
    expect(await on('b').versions()).toMatchObject({ [server]: `${major}.19-1 ii` })
  })
})

/** The rolling upgrade of the herd that starts on this primary, while clients write through its pooler; 0 errors, 0 lost. */
const upgradeUnderLoad = async (primary: string, through: string): Promise<void> => {
  const name = nameOf(primary)
  const ledgerFile = herd.lab.layout.at(`ledger-${name}`)
  const load = await startLoad(herd.lab, name, { ledgerFile, writers: 4, through: [through] })
  const { journal, goOn } = await begin(rollingMinorUpgrade, primary)
  expect([await goOn(), troubles(journal)]).toEqual(['done', ''])
  const { failed, unknown, acked, longestWaitMs } = await load.stop()
  console.info(`upgrade of ${name}: ${acked} commits; the longest wait of a client was ${longestWaitMs} ms.`)
  expect({ failed, unknown }).toEqual({ failed: 0, unknown: 0 })
  expect(await verify(herd.lab, name, ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
}

test('a rolling minor upgrade of two herds at once by the real apt under writers: versions before and after in the plan, each member restarted on the new one, no client sees an error and no commit is lost, and a second run has nothing to do', {
  timeout: 120_000,
}, async () => {
  const all = [...members, ...otherMembers]
  await Promise.all(all.map((host) => on(host).offer([of(20)])))
  const shown = async (host: string) => (await planOf(rollingMinorUpgrade, host)).now.map(({ value }) => value)
  expect(await shown('a')).toEqual([`standby, ${major}.19 → ${major}.20`, `primary, ${major}.18 → ${major}.20`])
  expect(await shown('c')).toEqual([`standby, ${major}.18 → ${major}.20`, `primary, ${major}.18 → ${major}.20`])
  const before = await Promise.all(all.map(startedAt))
  await Promise.all([upgradeUnderLoad('a', 'front'), upgradeUnderLoad('c', 'side')])
  expect(await Promise.all(all.map((host) => on(host).versions()))).toEqual(
    all.map(() => ({ [server]: `${major}.20-1 ii`, [cron]: '1.4-1 ii' })),
  )
  const after = await Promise.all(all.map(startedAt))
  expect(after.map((at, index) => at !== before[index])).toEqual(all.map(() => true))
  for (const [former, led] of [members, otherMembers])
    expect(await Promise.all([former!, led!].map(runs))).toEqual([
      ['online', 'standby', 'streaming'],
      ['online', 'primary', undefined],
    ])
  for (const primary of ['a', 'c'])
    expect((await planOf(rollingMinorUpgrade, primary)).reason).toBe('There is nothing to do: it is already in this state.')
})
