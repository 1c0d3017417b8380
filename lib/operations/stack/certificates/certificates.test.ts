import { expect, test } from 'vitest'
import { redeclare, shopFile, stackId, standingFleet } from '@/e2e/harness/twin/stack'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { contentFor, readCertificates } from '@/lib/adapters/memory/stack-certificates'
import { stackHost } from '@/lib/adapters/memory/stack-host'
import type { AuthorityStep } from '@/lib/domain/stack/authorities'
import { certificateFiles, trustedFile } from '@/lib/domain/stack/files'
import { brokenOf, countStates, crashMatrix, type Disturbance } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { buildCluster } from '..'
import { rotateCertificates } from '.'

const inputOf = (authority: AuthorityStep) => ({ newKeys: false, authority })
const planOf = (fleet: MemoryFleet, authority: AuthorityStep = 'keep') =>
  makeTargetPlan(rotateCertificates, fleet.read, inputOf(authority), stackId, new AbortController().signal)
/** What a build would still do. */
const toBuild = async (fleet: MemoryFleet) =>
  (await makeTargetPlan(buildCluster, fleet.read, {}, stackId, new AbortController().signal)).effects.filter(
    ({ state }) => state === 'will-run',
  )
const journalOf = (fleet: MemoryFleet) => new MemoryJournal(fleet.clock)
const run = async (fleet: MemoryFleet, journal = journalOf(fleet), authority: AuthorityStep = 'keep') => {
  const { digest, reason } = await planOf(fleet, authority)
  expect(reason).toBeNull()
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  return drive(rotateCertificates, { id: 'job', targetId: stackId, input: inputOf(authority), digest }, journal.open(), fleet, options)
}
/** Generation of the certificates that the console keeps; those beside them where a rotation has not ended. */
const kept = ({ world: { stacks } }: MemoryFleet) => [stacks.certificates.get(stackId) ?? 0, stacks.nextCertificates.get(stackId) ?? null]
/** Servers whose files, or whose daemons, have other certificates than the console keeps as theirs. */
const strays = ({ world }: MemoryFleet): string[] =>
  world.stacks.meant.get(stackId)!.servers.flatMap((server) => {
    const { files, shown, trusted, units } = stackHost(world, server.name)
    const wanted = certificateFiles(server).map((file) => [file.path, contentFor(world, stackId, file)] as const)
    const late = wanted.filter(([path, content]) => files.get(path)?.content !== content).map(([path]) => path)
    const [, pem] = wanted.find(([path]) => path.endsWith('server.pem'))!
    const reloaded = ['patroni', 'pgbouncer'].filter((unit) => units.get(unit)?.isActive && shown.get(unit) !== pem)
    const ca = wanted.find(([path]) => path.endsWith('ca.pem'))![1]
    const unread = [...trusted].filter(([unit, content]) => units.get(unit)?.isActive && content !== ca).map(([unit]) => `${unit} trusts`)
    const left = files.has(trustedFile('none').path) ? ['a file of the rotation'] : []
    return [...late, ...reloaded, ...unread, ...left].map((one) => `${server.name}: ${one}`)
  })

test('the plan names every file and reload of each server, no secret, and looking changes nothing', async () => {
  const fleet = await standingFleet()
  const made = fleet.calls.made.length
  const plan = await planOf(fleet)
  await expect(`${JSON.stringify(plan, null, 2).replaceAll('\\n', '\n')}\n`).toMatchFileSnapshot(
    '../../__snapshots__/plans/rotate-certificates.txt',
  )
  expect([plan.reason, fleet.calls.made.length]).toEqual([null, made])
})

test('servers take their certificates one at a time, the primary last, nothing is restarted, and the cluster is as declared afterwards; again, there are others', async () => {
  const fleet = await standingFleet()
  fleet.world.stacks.leaders.set('shop', 'db1')
  const made = fleet.calls.made.length
  expect(await run(fleet)).toBe('done')
  const acts = fleet.calls.made.slice(made).map(({ act, target }) => `${target}: ${act.split(' ')[0]}`)
  expect(acts).toEqual([
    'console: make',
    ...['db2: put', 'db2: reload', 'edge: put', 'edge: reload', 'db1: put', 'db1: reload'],
    'console: adopt',
  ])
  expect([strays(fleet), kept(fleet)]).toEqual([[], [1, null]])
  expect(await toBuild(fleet)).toEqual([])
  expect([await run(fleet), strays(fleet), kept(fleet)]).toEqual(['done', [], [2, null]])
})

test('another authority is trusted by every daemon before any certificate of it is shown, no member refuses another, and the former one goes last', async () => {
  const fleet = await standingFleet()
  expect((await planOf(fleet, 'use')).reason).toContain('only “keep” and “add” follow')
  for (const authority of ['add', 'use', 'retire'] as const) {
    const made = fleet.calls.made.length
    expect(await run(fleet, journalOf(fleet), authority)).toBe('done')
    const acts = fleet.calls.made.slice(made).map(({ act, target }) => `${target}: ${act}`)
    expect(acts.filter((act) => act.includes('restart'))).toEqual(['db2', 'edge', 'db1'].map((name) => `${name}: restart etcd`))
    expect([strays(fleet), await toBuild(fleet), fleet.world.violations]).toEqual([[], [], []])
    expect((await planOf(fleet, authority)).reason).toMatch(/only “keep” and “\w+” follow/)
  }
  expect(fleet.world.stacks.authorities.get(stackId)).toEqual({ trusted: [1], coming: null })
})

test('with a member of etcd or of Patroni down, before the build, or after a change of the servers no certificate is touched', async () => {
  const reasonOf = async (change: (fleet: MemoryFleet) => void) => {
    const fleet = await standingFleet(shopFile, ['db3'])
    change(fleet)
    return (await planOf(fleet)).reason
  }
  const stopped = (host: string, unit: string) => (fleet: MemoryFleet) =>
    void stackHost(fleet.world, host).units.set(unit, { isActive: false, isEnabled: true })
  expect(await reasonOf(stopped('edge', 'etcd'))).toBe('etcd is not healthy on edge.')
  expect(await reasonOf(stopped('db2', 'patroni'))).toBe('db2 does not follow yet.')
  expect(await reasonOf((fleet) => fleet.world.stacks.built.delete(stackId))).toBe('Build the cluster first.')
  expect(await reasonOf((fleet) => redeclare(fleet, shopFile.replace('edge:', 'db3: [postgres]\n  edge:')))).toContain(
    'have changed since it was built',
  )
})

test('a member that does not come back well holds up the others, and the former certificates are written again', async () => {
  const fleet = await standingFleet()
  fleet.calls.afterwards = ({ act, target }) => {
    if (target === 'edge' && act.startsWith('put')) stackHost(fleet.world, 'db2').units.set('etcd', { isActive: false, isEnabled: true })
  }
  const journal = journalOf(fleet)
  expect(await run(fleet, journal)).toBe('undone')
  expect(JSON.stringify(journal.lines)).toContain('No further server was touched: etcd is not healthy on db2.')
  expect([strays(fleet), kept(fleet)]).toEqual([[], [0, null]])
})

/** Its daemons trust a new authority that signs nothing yet. */
const trustingBoth = async () => {
  const fleet = await standingFleet()
  const { authorities, meant } = fleet.world.stacks
  authorities.set(stackId, { trusted: [0, 1], coming: 1 })
  for (const server of meant.get(stackId)!.servers) {
    const { files, trusted } = stackHost(fleet.world, server.name)
    for (const file of certificateFiles(server)) files.set(file.path, { content: contentFor(fleet.world, stackId, file), before: null })
    for (const unit of trusted.keys()) readCertificates(fleet.world, server.name, unit, 'start')
  }
  return fleet
}

test('wherever its driver dies, whatever goes wrong and whenever it is cancelled, every daemon shows the certificate that the console keeps as its own, and trusts its authorities', {
  timeout: 120_000,
}, async () => {
  const results = await crashMatrix(
    async () => {
      const fleet = await trustingBoth()
      const { digest } = await planOf(fleet, 'use')
      const planned = new Map<number, Disturbance>()
      fleet.calls.interfere = ({ nth }) => planned.get(nth)
      const journal = journalOf(fleet)
      return {
        operation: rotateCertificates,
        job: { id: 'job', targetId: stackId, input: inputOf('use'), digest },
        ports: fleet,
        clock: fleet.clock,
        journal,
        disturb: (nth: number, how: Disturbance) => void planned.set(fleet.calls.made.length + nth, how),
        snapshot: () => JSON.stringify([kept(fleet), strays(fleet)]),
        broken: (state: string) => {
          const isGivenUp = state === 'attention' || journal.lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')
          const [own, next] = kept(fleet)
          return [
            ...fleet.world.violations,
            ...(isGivenUp || strays(fleet).length === 0 ? [] : [`${state}, and ${strays(fleet).join(', ')} is another one`]),
            ...(isGivenUp || next === null ? [] : [`${state}, and certificates are left beside those in use`]),
            ...(state === 'done' && own !== 1 ? ['done, and not rotated'] : []),
          ]
        },
      }
    },
    { stride: 97, every: 3 },
  )
  expect(brokenOf(results).slice(0, 10)).toEqual([])
  expect(Object.keys(countStates(results))).toEqual(expect.arrayContaining(['attention', 'cancelled', 'done', 'undone']))
})
