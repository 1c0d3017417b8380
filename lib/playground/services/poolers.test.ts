import { expect, test } from 'vitest'
import { leadLines } from '@/lib/domain/poolers/lines'
import { renderTemplate, templateProblems } from '@/lib/domain/poolers/template'
import { defaultFleet } from '../fleet/default'
import { poolerFile, poolerTemplate } from './poolers'

test('the poolers of the playground’s first herd are managed, so that a newcomer’s first switchover is not refused', () => {
  const { poolers, herds } = defaultFleet(15)
  const own = poolers!.filter(({ herd }) => herd === herds[0]!.name)
  expect(own.length).toBeGreaterThan(0)
  expect(own.every(({ isManaged }) => isManaged)).toBe(true)
})

test('a managed pooler’s file is to the byte what the console makes of its template, with one herd behind it and with two', () => {
  const fleet = defaultFleet(15)
  const addressOf = (name: string) => fleet.hosts.find((host) => host.name === name)!.address
  const aims = Object.fromEntries(
    fleet.herds.map(({ name, port, members }) => [name, { host: addressOf(members[0]!.host), port, hostname: members[0]!.host }]),
  )
  const two = { host: 'prod-ams-1', herd: 'prod-orders', also: [{ name: 'bills', herd: 'prod-billing', database: 'billing' }] }
  for (const pooler of [...fleet.poolers!, { ...two, isManaged: true }]) {
    const [file, template] = [poolerFile(fleet, pooler), poolerTemplate(fleet, pooler)]
    const about = { pooler: `pgbouncer on ${pooler.host}`, herd: pooler.herd }
    expect(templateProblems(template, 6432, [pooler.herd, ...fleet.herds.map(({ name }) => name)])).toEqual([])
    expect(renderTemplate(template, about, aims)).toBe(file)
    expect(leadLines(file, { template, about, herd: pooler.herd }, aims[pooler.herd]!)).toBe(file)
  }
})
