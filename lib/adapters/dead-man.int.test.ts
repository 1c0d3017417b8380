import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { labAddresses } from '@/e2e/harness/lab-addresses'
import type { Lab } from '@/lib/playground/lab'
import type { DeadManOrder, PoolerAddress } from '@/lib/ports'
import { makePoolers } from './poolers'
import { openSsh } from './ssh'
import { makeSshKey } from './vault'

const limits = { timeoutMs: 30_000 }
const patience = { timeout: 60_000, interval: 50 }

/** Two members, and a pooler on a host in front of them and on the standby's own. */
const open = async () => {
  const fleet = testFleet(
    { orders: 'a > b' },
    {
      idleHosts: ['front'],
      poolers: [
        { host: 'front', herd: 'orders' },
        { host: 'b', herd: 'orders' },
      ],
    },
  )
  const { lab, close } = await startLab(fleet)
  const key = makeSshKey('dead man')
  lab.authorize(key.publicKey)
  const outside = await labAddresses(lab)
  const connect = () => {
    const ssh = openSsh({ keyFor: async () => key.privateKey, backOffMs: 100, backOffMaxMs: 500 })
    return { ssh, ...makePoolers(ssh) }
  }
  const addressOf = (host: string): PoolerAddress => ({
    poolerId: `pooler-${host}`,
    host: outside.host(host),
    socketDirectory: '/var/run/postgresql',
    port: 6432,
    configPath: '/etc/pgbouncer/pgbouncer.ini',
  })
  return { lab, close, outside, connect, addressOf }
}

let stage: Awaited<ReturnType<typeof open>>
let console: ReturnType<(typeof stage)['connect']>
let front: PoolerAddress
const addressOf = (host: string) => stage.lab.host(host).address
const lab = (): Lab => stage.lab

beforeAll(async () => {
  stage = await open()
  console = stage.connect()
  front = stage.addressOf('front')
})
afterAll(async () => {
  console?.close()
  await console?.ssh.close()
  await stage?.outside.close()
  await stage?.close()
})

const file = async () => (await console.read.readFile(front, limits))!
const orders = async () => (await console.read.look(front, limits)).databases[0]!
const leadingTo = (text: string, host: string) => text.replace(/host=\S+/, `host=${addressOf(host)}`)
const orderFor = async (pooler: string): Promise<DeadManOrder> => {
  const { text } = await file()
  return {
    systemIdentifier: null,
    databases: [{ name: 'orders', database: 'orders' }],
    members: ['a', 'b'].map((host) => ({
      instanceId: host,
      title: `orders on ${host}`,
      address: addressOf(host),
      port: 5432,
      socketDirectory: host === pooler ? '/var/run/postgresql' : null,
      text: leadingTo(text, host),
    })),
  }
}
const arm = async (key: string, token: number, expiryMs: number) =>
  console.act.armDeadMan(front, { ...(await orderFor('front')), key, token, expiryMs }, limits)
const timer = (key: string) => console.read.deadMan(front, key, limits)
/** As an application, through the pooler, without anything of ours: the address of the server that answers. */
const ask = async () => {
  const password = '$(sed -n \'s/.* "\\(.*\\)"/\\1/p\' /etc/pgbouncer/userlist.txt)'
  const script = `PGPASSWORD="${password}" exec psql -X -A -t -h 127.0.0.1 -p 6432 -U app -d orders -c 'select host(inet_server_addr())'`
  return (await lab().hosts.mustExec('front', ['sh', '-c', script], { timeoutMs: 120_000 })).trim()
}
const role = (host: string, command: string) =>
  lab().hosts.mustExec(host, [
    'sh',
    '-c',
    `exec /usr/lib/postgresql/${lab().fleet.postgresMajor}/bin/pg_ctl -D "$(psql -XAtc 'show data_directory')" ${command}`,
  ])

test('a host asks with the logins that its pooler has, or over the socket of a member beside it, and says what it lacks', async () => {
  for (const host of ['front', 'b']) {
    const trial = await console.read.tryDeadMan(stage.addressOf(host), await orderFor(host), limits)
    expect(trial).toMatchObject({
      problem: null,
      answers: [
        { answer: 'writable', timeline: 1 },
        { answer: 'standby', timeline: 1 },
      ],
    })
  }
  const userlist = '/etc/pgbouncer/userlist.txt'
  await lab().hosts.mustExec('front', [
    'sh',
    '-c',
    `cp -p ${userlist} ${userlist}.kept && echo '"app" "SCRAM-SHA-256$4096:salt$stored:server"' >${userlist}`,
  ])
  const blind = await console.read.tryDeadMan(front, await orderFor('front'), limits)
  expect(blind.answers.map(({ answer, because }) => `${answer}: ${because}`)).toEqual(
    Array(2).fill('silent: the pooler has no login for it'),
  )
  await lab().hosts.mustExec('front', ['mv', `${userlist}.kept`, userlist])
})

test('clients that are held go on by themselves, to the primary that is, when everything of ours is gone', async () => {
  await arm('alone', 1, 2_000)
  await console.act.pause(front, 'orders', limits)
  const heldAt = Date.now()
  const asking = ask()
  console.close()
  await console.ssh.close()
  lab().hosts.signal('front', 'SIGKILL', 'sshd: postgres')
  expect(await asking).toBe(addressOf('a'))
  globalThis.console.info(`Held for ${Date.now() - heldAt} ms with 2 s on the timer.`)
  console = stage.connect()
  await expect.poll(() => timer('alone'), patience).toMatchObject({ state: 'fired', ledTo: 'orders on a', resumed: ['orders'] })
  expect((await timer('alone')).log).toMatch(/armed\n.*orders on a takes writes\n.*the clients of orders go on, to orders on a\n/)
})

test('while nobody takes writes the clients wait; once another member was promoted they go on there, with the file led to it', async () => {
  const before = await file()
  await arm('asking', 2, 500)
  await console.act.pause(front, 'orders', limits)
  const asking = ask()
  await role('a', '-m fast stop')
  await expect.poll(async () => (await timer('asking')).log, patience).toMatch(/nobody takes writes; asking on/)
  expect([await timer('asking'), await orders()]).toMatchObject([{ state: 'armed', leftMs: 0 }, { isPaused: true }])
  await role('b', 'promote')
  expect(await asking).toBe(addressOf('b'))
  await expect.poll(() => timer('asking'), patience).toMatchObject({ state: 'fired', ledTo: 'orders on b' })
  expect(await file()).toMatchObject({ text: leadingTo(before.text, 'b'), mode: before.mode, owner: before.owner, fence: 2 })
})

test('what a later writer has made of the file is left alone, and the clients wait until it leads to who takes writes', async () => {
  await arm('shut-out', 3, 500)
  await console.act.pause(front, 'orders', limits)
  const right = await file()
  await console.act.writeFile(front, { text: leadingTo(right.text, 'a'), expectedDigest: right.digest, token: 4 }, limits)
  await expect.poll(async () => (await timer('shut-out')).state, patience).toBe('firing')
  const later = await file()
  expect([later.text, later.fence, (await orders()).isPaused]).toEqual([leadingTo(right.text, 'a'), 4, true])
  await console.act.writeFile(front, { text: right.text, expectedDigest: later.digest, token: 5 }, limits)
  expect(await ask()).toBe(addressOf('b'))
  expect(await console.act.disarmDeadMan(front, 'shut-out', limits)).toMatchObject({ state: 'fired', resumed: ['orders'] })
  const left = (await lab().hosts.exec('front', ['pgrep', '-fc', 'dead-man'])).stdout.trim()
  expect(left).toBe('0')
})
