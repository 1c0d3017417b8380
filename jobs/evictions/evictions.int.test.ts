import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepNotice } from '@/db/evictions/notices'
import { herdEvictions } from '@/db/evictions/shown'
import { noteGone } from '@/db/fleet/spot-gone'
import { getPool } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { asLaunched } from '@/e2e/harness/launched-herd'
import { type Bench, openBench, type WorkerProcess } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'
import { systemActor } from '@/lib/kernel/access/access'
import { waitForRun } from '../requests'

const names = ['plain', 'twice', 'wave', 'back', 'busy', 'off', 'dies', 'lost']
/** Launched by the console. The next machine of `trio` does not come up, and none fits the blueprint of `none`. */
const launchedNames = ['solo', 'pair', 'trio', 'none', 'disk']
const shapes = [
  ...names.map((name) => ({ environment: name === 'off' ? 'off' : 'dev', name, hosts: [`${name}-1`, `${name}-2`, `${name}-3`] })),
  { environment: 'dev', name: 'solo', hosts: ['solo-1'] },
  { environment: 'dev', name: 'disk', hosts: ['disk-1'] },
  { environment: 'dev', name: 'pair', hosts: ['pair-1', 'pair-2'] },
  { environment: 'dev', name: 'none', hosts: ['none-1', 'none-2'] },
  { environment: 'dev', name: 'trio', hosts: ['trio-1', 'trio-2', 'trio-3'] },
]
const herdOf = (name: string) => bench.served.fleet.instance(`${name} on ${name}-1`).inventory.herdId
const timeoutMs = 60_000

let bench: Bench
let workers: WorkerProcess[] = []
let looking: NodeJS.Timeout
beforeAll(async () => {
  bench = await openBench(shapes, 'postgres')
  const query = (text: string) => getPool().query(text)
  await query(`update environments set answers_evictions = name <> 'off'`)
  await query(`insert into cloud_accounts (environment_id, name) select id, name from environments`)
  await query(
    `insert into machines (account_id, environment_id, title, instance_id, region, zone, type, family, market, state, server_id, tie)
      select a.id, s.environment_id, s.hostname, 'i-0' || substr(md5(s.hostname), 1, 16), 'us-east-1', 'us-east-1a', 'm5.xlarge', 'm5', 'spot', 'running', s.id, 'tied'
      from servers s join cloud_accounts a on a.environment_id = s.environment_id`,
  )
  await query(
    `insert into discovered_hosts (hostname, token_hash, server_id, seen_at) select hostname, 'token of ' || hostname, id, now() from servers`,
  )
  await query(`update instances set manager = 'none'`)
  for (const name of launchedNames) await asLaunched(bench, name, name === 'none' ? { standbyChoices: [] } : {})
  giveVolume('disk')
  await query(`update blueprints set storage_gb = 100 where name = 'disk'`)
  await look()
  // As the observer does.
  looking = setInterval(() => void look().catch(() => {}), 150)
  workers = await Promise.all([bench.startWorker({ sweepEveryMs: 200 }), bench.startWorker({ sweepEveryMs: 200 })])
})
afterAll(async () => {
  clearInterval(looking)
  await bench?.close()
})

/** Its first machine as EC2 lists it, with the volume that its data are on. */
const giveVolume = (name: string): void => {
  const { machines, volumes, mounted } = bench.served.fleet.world.launches
  const tags = { Name: `${name}-1`, 'matriarch:blueprint': idOf(`blueprint ${name}`) }
  const { address } = bench.served.fleet.host(`${name}-1`).server.address
  const place = { state: 'running', type: 'm5.large', zone: 'us-east-1a', market: 'spot' as const, tags }
  const at = { privateAddress: address, publicAddress: address, hostname: `${name}-1`, groupIds: ['sg-own'], next: null }
  machines.set(`i-${name}`, { id: `i-${name}`, ...place, ...at })
  const held = { machineId: `i-${name}`, device: '/dev/sdf', state: 'in-use', goesWithMachine: false, from: `${name}-1` }
  volumes.set(`vol-${name}`, { id: `vol-${name}`, zone: 'us-east-1a', sizeGb: 100, kind: 'gp3', tags, ...held })
  mounted.set(`${name}-1`, `vol-${name}`)
}

/** Members that a launch registered in the fleet, as the console's own database has them. */
const addLaunched = async (): Promise<void> => {
  const { fleet } = bench.served
  for (const { next, state, hostname } of fleet.world.launches.machines.values())
    if (next !== null && !(state === 'pending' && hostname?.startsWith('trio'))) next.atMs = 0
  for (const host of fleet.world.hosts.values()) for (const work of host.work.values()) work.endsAtMs = 0
  for (const one of fleet.world.instances.values()) {
    if (!one.isRegistered || !launchedNames.includes(one.inventory.herdName)) continue
    const { id, herdId, serverId, environmentId, address } = one.inventory
    await getPool().query(
      `with s as (insert into servers (id, environment_id, hostname, address) values ($1, $2, $3, $3) on conflict do nothing)
        insert into instances (id, herd_id, server_id, environment_id) values ($4, $5, $1, $2) on conflict do nothing`,
      [serverId, environmentId, address.host.hostname, id, herdId],
    )
  }
}

const look = async (): Promise<void> => {
  await addLaunched()
  const { fleet } = bench.served
  const rows = [...fleet.world.instances.values()].map((one) => ({
    id: one.inventory.id,
    role: one.hasStandbySignal ? 'standby' : 'primary',
    state: one.host.power === 'off' ? 'unreachable' : one.state === 'running' ? 'online' : one.state,
    timeline: one.timeline,
  }))
  await getPool().query(
    `update instances i set role = case when r.state = 'unreachable' then coalesce(i.role, r.role) else r.role end, state = r.state, timeline = r.timeline,
        received_lsn = '0/5000000', replayed_lsn = '0/5000000', observed_at = clock_timestamp()
      from jsonb_to_recordset($1::jsonb) r (id uuid, role text, state text, timeline int) where r.id = i.id`,
    [JSON.stringify(rows)],
  )
}

const instanceIdOf = async (host: string): Promise<string> =>
  (await getPool().query('select instance_id from machines where title = $1', [host])).rows[0].instance_id
const say = async (host: string, seconds: number | null): Promise<void> => {
  const notice = seconds === null ? null : { action: 'terminate' as const, time: new Date(Date.now() + seconds * 1000).toISOString() }
  const said = { hostname: host, instanceId: await instanceIdOf(host), interruption: notice, rebalance: null }
  expect(await keepNotice(`token of ${host}`, said)).toEqual({ outcome: 'stored' })
}
const standing = async (name: string) =>
  (await getPool().query('select state, because, gone, run_id as "runId" from eviction_answers where herd_id = $1', [herdOf(name)])).rows[0]
const until = (name: string, state: string) =>
  expect
    .poll(async () => Object.values((await standing(name)) ?? {}).join(' '), { timeout: timeoutMs, interval: 100 })
    .toMatch(new RegExp(`^${state} `))
const runsOf = async (name: string): Promise<{ id: string; operation: string; reason: string; actor: string; state: string }[]> =>
  (
    await getPool().query(
      `select id, operation, reason, actor_name as actor, state from runs where idempotency_key like 'eviction:' || $1 || ':%' order by created_at`,
      [herdOf(name)],
    )
  ).rows
const primaryOf = (name: string, members = [1, 2, 3]) =>
  members.filter((n) => !bench.served.fleet.instance(`${name} on ${name}-${n}`).hasStandbySignal).map((n) => `${name}-${n}`)

/** Somebody else has the herd's lock, until what this answers is called. */
const hold = async (name: string): Promise<() => Promise<unknown>> => {
  const lock = `herd:${herdOf(name)}`
  await getPool().query(
    `insert into leases (name, token, holder, reason, expires_at) values ($1, gen_random_uuid(), 'ben', 'looks around', now() + interval '1 hour')`,
    [lock],
  )
  return () => getPool().query('delete from leases where name = $1', [lock])
}

test('a notice moves the primary to a standby that stays, as a run of the console’s own with its reason, and nothing is lost on the way', async () => {
  await say('plain-1', 120)
  await until('plain', 'safe')
  expect(primaryOf('plain')).toEqual(['plain-2'])
  const [moved, left] = await runsOf('plain')
  expect(moved).toMatchObject({ operation: 'switchover', state: 'done', actor: systemActor.name })
  expect(moved!.reason).toMatch(
    /^AWS takes the spot machine of plain on plain-1 \(i-0[0-9a-f]{16}\) at \d\d:\d\d:\d\d UTC\. plain on plain-2 takes over/,
  )
  expect(left).toMatchObject({ operation: 'leave-names', state: 'done' })
  expect((await runsOf('plain')).length).toBe(2)
  const { rows } = await getPool().query(`select act from audit where title = 'plain-1' order by seq`)
  expect(rows).toEqual([{ act: 'machine.eviction' }])
  expect(bench.served.fleet.world.violations).toEqual([])
})

test('several machines at once: the one that stays takes over, and a notice for it while the first run works moves the primary on', async () => {
  const free = await hold('wave')
  await Promise.all([say('wave-1', 120), say('wave-2', 120)])
  await free()
  await until('wave', 'safe')
  expect(primaryOf('wave')).toEqual(['wave-3'])
  const done = (await runsOf('wave')).map(({ operation, state }) => `${operation} ${state}`)
  expect(done.filter((one) => one === 'switchover done')).toHaveLength(1)
  // The switchover gave the names to all standbys: each that goes leaves them afterwards.
  expect(done.slice(-2)).toEqual(['leave-names done', 'leave-names done'])

  await say('twice-1', 120)
  await until('twice', 'running')
  await say('twice-2', 120)
  await until('twice', 'safe')
  expect(primaryOf('twice')).toEqual(['twice-3'])
})

test('a notice that is withdrawn before anything started leaves the herd as it is, and a standby’s own moves no primary', async () => {
  const free = await hold('back')
  await say('back-1', 120)
  await until('back', 'waiting')
  expect((await standing('back')).because).toContain('looks around, by ben')
  await say('back-1', null)
  await free()
  await say('back-3', 120)
  await until('back', 'safe')
  expect((await runsOf('back')).map(({ operation }) => operation)).toEqual(['leave-names'])
  expect(primaryOf('back')).toEqual(['back-1'])
})

test('where the environment does not answer evictions nobody acts, and the herd’s page is told so', async () => {
  await say('off-1', 120)
  await until('off', 'off')
  expect(await runsOf('off')).toEqual([])
})

test('a herd whose primary’s machine is gone without a word fails over, since EC2 itself says that it does not run any more', async () => {
  const { rows } = await getPool().query(`select account_id, instance_id from machines where title = 'lost-1'`)
  bench.served.fleet.host('lost-1').power = 'off'
  await look()
  await inPgTransaction((client) =>
    noteGone(client, { id: rows[0].account_id, region: 'us-east-1' }, [{ instance_id: rows[0].instance_id, state: 'terminated' }]),
  )
  await expect.poll(() => primaryOf('lost').includes('lost-2') || primaryOf('lost').includes('lost-3'), { timeout: timeoutMs }).toBe(true)
  const [run] = await runsOf('lost')
  expect(run).toMatchObject({ operation: 'failover', reason: expect.stringContaining('AWS has taken the spot machine of lost on lost-1') })
  await waitForRun(systemActor, run!.id, { timeoutMs })
  expect(bench.served.fleet.world.violations).toEqual([])
})

test('workers that are killed while they decide and while they act leave one switchover, which another worker ends', async () => {
  await say('dies-1', 120)
  await until('dies', 'running')
  await Promise.all(workers.map((worker) => worker.kill()))
  workers = [await bench.startWorker({ sweepEveryMs: 200 })]
  await until('dies', 'safe')
  expect(primaryOf('dies')).toHaveLength(1)
  expect(primaryOf('dies')).not.toEqual(['dies-1'])
  expect((await runsOf('dies')).filter(({ operation }) => operation === 'switchover').map(({ state }) => state)).toEqual(['done'])
  expect(bench.served.fleet.world.violations).toEqual([])
})

test('what a host says with another’s token, or before it is a server, is not kept', async () => {
  const said = { hostname: 'busy-2', instanceId: await instanceIdOf('busy-2'), interruption: null, rebalance: {} }
  expect(await keepNotice('token of busy-1', said)).toEqual({ outcome: 'other-host', hostname: 'busy-1' })
  expect(await keepNotice('token of nobody', said)).toEqual({ outcome: 'token-unknown' })
  await getPool().query(`update discovered_hosts set server_id = null where hostname = 'busy-2'`)
  expect(await keepNotice('token of busy-2', said)).toEqual({ outcome: 'unregistered', hostname: 'busy-2' })
  expect((await getPool().query('select from evictions where server_id = $1', [idOf('busy-2')])).rows).toEqual([])
})

test.concurrent('a herd that the console launched gets a standby in the place of the one that went; alone, it is cloned inside the notice and moves to the clone', async () => {
  const [alone] = (await herdEvictions(herdOf('solo'))).members
  expect(alone?.ahead).toMatch(/^A clone fits: a standby is launched and copied, about 21 s of 2 min, and takes over\./)
  await Promise.all([say('pair-1', 120), say('solo-1', 120)])
  await Promise.all([until('pair', 'safe'), until('solo', 'safe')])
  const operations = async (name: string) => (await runsOf(name)).map(({ operation, state }) => `${operation} ${state}`)
  expect(await operations('pair')).toEqual(['switchover done', 'leave-names done', 'launch-standby done'])
  expect(await operations('solo')).toEqual(['launch-standby done', 'switchover done', 'leave-names done'])
  expect(primaryOf('solo', [1, 2])).toEqual(['solo-2'])
  const [cloned] = await runsOf('solo')
  expect(cloned!.reason).toMatch(/ No standby can take over: one is launched for it\.$/)
  expect(bench.served.fleet.instance('pair on pair-3')).toMatchObject({ hasStandbySignal: true, isRegistered: true, state: 'running' })
  expect(bench.served.fleet.world.violations).toEqual([])
})

test.concurrent('alone and with too little time for a clone, its volume moves to another machine, where it is the primary again', async () => {
  const old = bench.served.fleet.instance('disk on disk-1').inventory.address.host.address
  await say('disk-1', 25)
  await expect.poll(async () => (await runsOf('disk'))[0]?.state, { timeout: timeoutMs, interval: 100 }).toBe('done')
  const [moved] = await runsOf('disk')
  expect(moved).toMatchObject({
    operation: 'replace-machine',
    reason: expect.stringMatching(/No standby can take over: its volume moves to another machine\.$/),
  })
  const now = bench.served.fleet.instance('disk on disk-1')
  expect(now).toMatchObject({ state: 'running', hasStandbySignal: false })
  expect(now.inventory.address.host.address).not.toBe(old)
  const machineId = bench.served.fleet.world.launches.volumes.get('vol-disk')?.machineId
  expect([machineId, bench.served.fleet.world.launches.machines.get('i-disk')?.state]).toEqual([
    expect.not.stringMatching('i-disk'),
    'terminated',
  ])
  expect(bench.served.fleet.world.violations).toEqual([])
})

test.concurrent('a launch that still works when the new primary’s machine is taken too is cancelled and undone, and the primary moves on', async () => {
  await say('trio-1', 120)
  await expect.poll(async () => (await runsOf('trio')).at(-1)?.operation, { timeout: timeoutMs, interval: 50 }).toBe('launch-standby')
  const [next] = primaryOf('trio')
  await say(next!, 120)
  await expect.poll(() => primaryOf('trio').includes(next!), { timeout: timeoutMs, interval: 100 }).toBe(false)
  const done = (await runsOf('trio')).map(({ operation, state }) => `${operation} ${state}`)
  expect(done.slice(0, 4)).toEqual([
    'switchover done',
    'leave-names done',
    'launch-standby cancelled',
    expect.stringMatching(/^switchover /),
  ])
  expect(bench.served.fleet.world.violations).toEqual([])
})

test.concurrent('where no machine type fits the herd leaves the one that goes all the same, and after three tries says that it is a standby short', async () => {
  await say('none-1', 120)
  await expect
    .poll(async () => (await standing('none'))?.because, { timeout: timeoutMs, interval: 100 })
    .toContain('No standby could be launched')
  expect((await standing('none')).state).toBe('safe')
  expect(primaryOf('none', [1, 2])).toEqual(['none-2'])
  const done = (await runsOf('none')).map(({ operation, state }) => `${operation} ${state}`)
  expect(done).toEqual(['switchover done', 'leave-names done'])
})
