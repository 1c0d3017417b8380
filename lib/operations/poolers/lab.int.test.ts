import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { labAddresses } from '@/e2e/harness/lab-addresses'
import { MemoryJournal, memoryFleet, passingClock } from '@/lib/adapters/memory'
import { makePoolers } from '@/lib/adapters/poolers'
import { makePostgres } from '@/lib/adapters/postgres'
import { openSsh } from '@/lib/adapters/ssh'
import { makeSshKey } from '@/lib/adapters/vault'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import type { ActPorts, InventoryInstance, InventoryPooler } from '@/lib/ports'
import { operationByName } from '..'

const limits = { timeoutMs: 30_000 }

/** One herd with its pooler on a host in front, on a real lab; the inventory is held here. */
const open = async () => {
  const { lab, close } = await startLab(
    testFleet({ orders: 'a > b' }, { idleHosts: ['front'], poolers: [{ host: 'front', herd: 'orders' }] }),
  )
  const key = makeSshKey('poolers')
  lab.authorize(key.publicKey)
  const [outside, inside] = [await labAddresses(lab), await labAddresses(lab, { isInside: true })]
  const ssh = openSsh({ keyFor: async () => key.privateKey })
  const [postgres, poolers, twin] = [makePostgres(ssh), makePoolers(ssh), memoryFleet([])]
  const about = { environmentId: 'dev', environmentName: 'dev', herdId: 'orders', herdName: 'orders' }
  const pooler: InventoryPooler = {
    ...about,
    herds: [{ id: 'orders', name: 'orders' }],
    id: 'p',
    title: 'pgbouncer on front',
    serverId: 'front',
    template: null,
    isManaged: false,
    address: {
      poolerId: 'p',
      host: outside.host('front'),
      socketDirectory: '/var/run/postgresql',
      port: 6432,
      configPath: '/etc/pgbouncer/pgbouncer.ini',
    },
  }
  let token = 0
  /** Members as their neighbours reach them; the console's own way to them goes through a relay. */
  const member = (host: string): InventoryInstance => {
    const address = inside.instance('orders', host)
    return { ...about, id: address.instanceId, title: address.instanceId, serverId: host, systemIdentifier: null, address }
  }
  const ports: ActPorts = {
    read: {
      ...twin.read,
      now: () => new Date(),
      inventory: { ...twin.read.inventory, pooler: async () => pooler, herdInstances: async () => ['a', 'b'].map(member) },
      postgres: {
        ...postgres.read,
        probe: (address, options) => postgres.read.probe({ ...address, host: outside.host(address.host.hostname) }, options),
      },
      poolers: poolers.read,
    },
    act: {
      ...twin.act,
      inventory: {
        ...twin.act.inventory,
        claimPooler: async () => {
          token += 1
          return token
        },
        managePooler: async (_id, template) => void Object.assign(pooler, { template, isManaged: template !== null }),
      },
      poolers: poolers.act,
    },
  }
  const run = async (name: string, given: JsonObject = {}) => {
    const operation = operationByName(name)!
    const input = operation.input.parse(given) as JsonObject
    const plan = await makeTargetPlan(operation, ports.read, input, 'p', new AbortController().signal)
    if (plan.reason !== null) throw new Error(plan.reason)
    const journal = new MemoryJournal(passingClock())
    const state = await drive(operation, { id: name, targetId: 'p', input, digest: plan.digest }, journal.open(), ports, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested: () => false,
      clock: systemClock,
    })
    return { state, plan, lines: journal.lines }
  }
  const promote = (host: string) => postgres.replication.act.promote({ ...member(host).address, host: outside.host(host) }, limits)
  /** As a client of the application, through the pooler: the address of the server that answered. */
  const ask = async (sql: string, timeoutMs = 30_000) => {
    const password = '$(sed -n \'s/.* "\\(.*\\)"/\\1/p\' /etc/pgbouncer/userlist.txt)'
    const script = `PGPASSWORD="${password}" exec psql -X -A -t -h 127.0.0.1 -p 6432 -U app -d orders -c "$1"`
    return ssh.exec(outside.host('front'), ['sh', '-c', script, 'sh', sql], { timeoutMs })
  }
  const stop = async () => {
    poolers.close()
    postgres.close()
    await ssh.close()
    await outside.close()
    await close()
  }
  return { lab, ports, pooler, run, promote, ask, stop, address: (host: string) => member(host).address.host.address }
}

let stage: Awaited<ReturnType<typeof open>>
beforeAll(async () => {
  stage = await open()
})
afterAll(() => stage?.stop())

const look = () => stage.ports.read.poolers.look(stage.pooler.address, limits)
const serverOf = async () => (await stage.ask('select host(inet_server_addr())')).stdout.trim()

test('a pooler with a hand-written file is managed without a byte changed, and follows when another member is promoted', async () => {
  const before = (await stage.ports.read.poolers.readFile(stage.pooler.address, limits))!
  expect(await stage.run('follow-primary')).toMatchObject({ state: 'done' })
  expect(await stage.ports.read.poolers.readFile(stage.pooler.address, limits)).toMatchObject({
    text: before.text,
    mode: '640',
    owner: 'postgres:postgres',
  })
  expect([stage.pooler.isManaged, await serverOf()]).toEqual([true, stage.address('a')])

  await stage.lab.powerOff('a')
  await stage.promote('b')
  await expect.poll(async () => (await stage.run('follow-primary')).state, { timeout: 60_000 }).toBe('done')
  expect((await look()).databases).toMatchObject([{ name: 'orders', host: stage.address('b'), port: 5432 }])
  expect(await serverOf()).toBe(stage.address('b'))
})

test('a paused pooler pauses a client without an error, and a resume lets it continue', async () => {
  expect((await stage.run('pause-pooler')).state).toBe('done')
  const asking = stage.ask('select 42')
  await expect.poll(async () => (await look()).waiting, { timeout: 30_000 }).toBe(1)
  expect((await stage.run('resume-pooler')).state).toBe('done')
  expect(await asking).toMatchObject({ exitCode: 0, stdout: '42\n' })
})

test('a transaction that stays open makes the pause time out, is named and continues, and no client waits afterwards', async () => {
  const sleeping = stage.ask('begin; select pg_sleep(3600); commit', 120_000)
  await expect.poll(async () => (await look()).databases[0]!.serversBusy, { timeout: 30_000 }).toBe(1)
  const { state, lines } = await stage.run('pause-pooler', { timeoutSeconds: 1 })
  expect(state).toMatch(/undone|failed/)
  expect(lines.find(({ kind }) => kind === 'failed')).toMatchObject({
    because: expect.stringMatching(
      /Clients stayed in a transaction for more than 1 s; everything was resumed\. Held up by app from 127\.0\.0\.1:\d+ in orders.*process \d+ of the server/,
    ),
  })
  expect((await look()).databases).toMatchObject([{ isPaused: false, serversBusy: 1 }])
  await stage.ports.act.poolers.kill(stage.pooler.address, 'orders', limits)
  await stage.ports.act.poolers.resume(stage.pooler.address, 'orders', limits)
  expect((await sleeping).exitCode).not.toBe(0)
})

test('a drained pooler has lost nobody and is stopped; its host starts it again', async () => {
  expect((await stage.run('drain-pooler', { waitSeconds: 30 })).state).toBe('done')
  expect((await look()).state).toBe('stopped')
  await stage.lab.powerOff('front')
  await stage.lab.powerOn('front')
  await expect.poll(async () => (await look()).state, { timeout: 60_000 }).toBe('online')
  expect(await serverOf()).toBe(stage.address('b'))
})
