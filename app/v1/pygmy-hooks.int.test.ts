import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeInventory } from '@/db/fleet/inventory'
import { getPool } from '@/db/pg/client'
import { addRecord } from '@/db/records/records'
import { type ApiServer, serveApi } from '@/e2e/harness/api'
import { setConsoleEnvironment } from '@/e2e/harness/browser-login'
import { type Bench, instanceId, openBench } from '@/e2e/harness/workers'
import { idOf, type MemoryFleet, MemoryJournal, memoryFleet, passingClock } from '@/lib/adapters/memory'
import { makeScripts } from '@/lib/adapters/scripts'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createToken } from '@/lib/auth/tokens'
import type { Actor } from '@/lib/kernel/access/access'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '@/lib/operations'
import type { ActPorts } from '@/lib/ports'
import { resourceByName } from '@/lib/resources'

const shapes = [{ environment: 'dev', name: 'shop', hosts: ['db1', 'db2', 'db3'] }]
/** Machines take their time to stop and start; scripts are real, so that time cannot jump. */
const speed = 20

let bench: Bench
let fleet: MemoryFleet
let api: ApiServer
let token: string
let place: string
let actor: Actor
const files = ['pre-resize.sh', 'post-streaming.sh', 'dns-change.sh']
beforeAll(async () => {
  setConsoleEnvironment()
  bench = await openBench(shapes, 'postgres')
  const clock = passingClock()
  const startedAt = Date.now()
  fleet = memoryFleet(shapes, {
    ...clock,
    now: () => new Date(startedAt + (Date.now() - startedAt) * speed),
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
  })
  await getPool().query(`update instances set role = case when title like '%1' then 'primary' else 'standby' end`)
  await getPool().query(`insert into pygmy_numbers (kind, number, herd_id) select 'cluster', 7, id from herds`)
  await getPool().query(`insert into cloud_accounts (environment_id, name) select id, name from environments`)
  await getPool().query(
    `insert into machines (account_id, environment_id, title, instance_id, region, zone, type, family, state, server_id, tie, tags)
      select a.id, s.environment_id, s.hostname, 'i-' || s.hostname, 'us-east-1', 'us-east-1a', 'm5.large', 'm5', 'running', s.id, 'tied',
        array[case when s.hostname like 'db3%' then 'PGRole=Backup' else 'PGRole=Slave' end] from servers s join cloud_accounts a on a.environment_id = s.environment_id`,
  )
  await ensureLocalAdmin('admin', 'the first password')
  const { rows } = await getPool().query("select id from people where user_name = 'admin'")
  actor = { kind: 'person', personId: rows[0].id, name: 'admin', grants: [{ role: 'admin', environmentId: null }] }
  ;({ token } = await createToken(actor, { name: 'scripts', role: 'dba', environmentId: idOf('dev'), expiresAt: null }))
  api = await serveApi()

  place = mkdtempSync(join(tmpdir(), 'hooks-'))
  mkdirSync(join(place, 'hooks'))
  for (const file of files) {
    const path = join(place, 'hooks', file)
    writeFileSync(path, `#!/bin/sh\necho "$(basename "$0") $*" >> "${join(place, 'said')}"\n`)
    chmodSync(path, 0o755)
  }
})
afterAll(async () => {
  await api?.close()
  await bench?.close()
  if (place) rmSync(place, { recursive: true })
})

const post = async (body: object) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(`${api.url}/v1/api/dns`, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(response.status).toBe(201)
  return response.json()
}

const addHook = (moment: string, file: string, values: object = {}) =>
  addRecord(actor, resourceByName('hook')!, { name: file, environmentId: idOf('dev'), moment, file, ...values })

/** Hosts and machines are the twin’s; what is run for a member stands in the database, and scripts are real files. */
const ports = (): ActPorts => {
  const scripts = makeScripts(join(place, 'hooks'))
  const { instanceHooks } = makeInventory()
  return {
    read: { ...fleet.read, inventory: { ...fleet.read.inventory, instanceHooks }, ...scripts.read },
    act: { ...fleet.act, ...scripts.act },
  }
}

const said = (): string[] => {
  const lines = readFileSync(join(place, 'said'), 'utf8').trim().split('\n')
  rmSync(join(place, 'said'))
  return lines
}

const resizeOf = async (title: string) => {
  const operation = operationByName('resize')!
  const input = operation.input.parse({ type: 'm5.xlarge' }) as JsonObject
  const plan = await makeTargetPlan(operation, ports().read, input, instanceId(title), new AbortController().signal)
  expect(plan.reason).toBeNull()
  const { clock } = fleet
  const journal = new MemoryJournal(clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock }
  const job = { id: 'job', targetId: instanceId(title), input, digest: plan.digest }
  expect(await drive(operation, job, journal.open(), ports(), options)).toBe('done')
}

test('what is stored by /v1/api/dns and as hooks is what a resize runs, with pygmy’s arguments', async () => {
  await addHook('before-stop', 'pre-resize.sh')
  await addHook('after-return', 'post-streaming.sh', { environmentId: null })
  await addHook('move-clients', 'dns-change.sh')
  await addHook('before-stop', 'absent.sh', { isPaused: true })
  await post({ hosted_zone_name: 'Z1', dns_name: 'slave.shop.test', match_type: 'MATCH_ROLE', cluster: 7, tag_role: 'Slave' })
  await resizeOf('shop on db2')
  const [lead, own] = ['db1', 'db2'].map((host) => fleet.host(host).server.address.address)
  const id = fleet.host('db2').machine!.inventory.instanceId
  expect(said()).toEqual([
    `dns-change.sh SCALE_DOWN Z1 slave.shop.test ${lead} A ${own}`,
    `pre-resize.sh ${id}`,
    `post-streaming.sh ${id}`,
    `dns-change.sh SCALE_UP Z1 slave.shop.test ${own} A ${own}`,
  ])
})

test('a member’s own entry goes before that of its role, and a member of another role has none', async () => {
  await resizeOf('shop on db3')
  expect(said().map((line) => line.split(' ')[0])).toEqual(['pre-resize.sh', 'post-streaming.sh'])
  const nodes = await (await fetch(`${api.url}/v1/api/instances`, { headers: { authorization: `Bearer ${token}` } })).json()
  const { rows } = await getPool().query(`select number from pygmy_numbers where instance_id = $1`, [instanceId('shop on db2')])
  expect(nodes.map((one: { id: number }) => one.id)).toContain(rows[0].number)
  await post({ hosted_zone_name: 'Z1', dns_name: 'db2.shop.test', match_type: 'MATCH_INSTANCE', instance_id: rows[0].number })
  const { entries } = await makeInventory().instanceHooks(instanceId('shop on db2'))
  expect(entries.map(({ dnsName }) => dnsName)).toEqual(['db2.shop.test'])
})

test('a hook of another herd or environment is not run, and a file that leads out of the directory cannot be saved', async () => {
  const of = async () => (await makeInventory().instanceHooks(instanceId('shop on db2'))).hooks.map(({ title }) => title)
  const before = await of()
  const { rows } = await getPool().query(`insert into environments (name) values ('stage') returning id`)
  await addHook('before-stop', 'elsewhere.sh', { environmentId: rows[0].id })
  expect(await of()).toEqual(before)
  for (const file of ['../pre-resize.sh', '/bin/sh', '.hidden', 'a b', ''])
    await expect(addHook('before-stop', file, { name: `x${file}` }), file).rejects.toMatchObject({ code: 'input.invalid' })
  await expect(getPool().query(`insert into hooks (name, moment, file) values ('y', 'before-stop', '../x')`)).rejects.toThrow(
    'hooks_file_check',
  )
})
