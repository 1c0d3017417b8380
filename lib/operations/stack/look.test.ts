import { expect, test } from 'vitest'
import { redeclare, shopFile, stackId, standingFleet } from '@/e2e/harness/twin/stack'
import { stackHost } from '@/lib/adapters/memory/stack-host'
import { lookForDrift } from './look'

const signal = new AbortController().signal
const look = async (change: (fleet: Awaited<ReturnType<typeof standingFleet>>) => void) => {
  const fleet = await standingFleet()
  change(fleet)
  const acts = [...fleet.calls.made]
  const found = await lookForDrift(fleet.read, stackId, signal)
  expect(fleet.calls.made).toEqual(acts)
  return found
}

test('a cluster that stands as it was built has no drift, and what was declared since is none', async () => {
  expect(await look(() => undefined)).toEqual({ findings: [], because: null })
  expect(await look((fleet) => redeclare(fleet, `${shopFile}pooler: { poolSize: 80 }\n`))).toEqual({ findings: [], because: null })
})

test('a file that somebody changed, a package that is gone and a unit that does not run are found, each with its server', async () => {
  const { findings } = await look(({ world }) => {
    const edge = stackHost(world, 'edge')
    const path = '/etc/pgbouncer/pgbouncer.ini'
    const { content } = edge.files.get(path)!
    edge.files.set(path, { content: content.replace('default_pool_size = 50', 'default_pool_size = 51'), before: null })
    edge.units.set('haproxy', { isActive: false, isEnabled: true })
    stackHost(world, 'db2').programs.delete('/usr/bin/patroni')
  })
  expect(findings.map(({ kind, server, what }) => `${server}: ${kind} ${what}`)).toEqual([
    'edge: file /etc/pgbouncer/pgbouncer.ini',
    'db2: package patroni',
    'edge: unit haproxy',
  ])
  expect(findings[0]!.lines).toEqual(expect.arrayContaining(['- default_pool_size = 51', '+ default_pool_size = 50']))
})

test('where a server does not answer nothing is found, and the reason is told', async () => {
  const found = await look((fleet) => {
    fleet.host('db2').power = 'cut'
  })
  expect(found).toEqual({ findings: [], because: expect.stringMatching(/^db2: /) })
})
