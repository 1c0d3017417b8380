import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { labAddresses } from '@/e2e/harness/lab-addresses'
import type { Lab } from '@/lib/playground/lab/lab'
import type { DeadManSpec, PoolerAddress } from '@/lib/ports'
import { openSsh } from '../ssh'
import { makeSshKey } from '../vault'
import { makePoolers } from './index'

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
const specFor = async (pooler: string): Promise<DeadManSpec> => {
  const { text } = await file()
  return {
    systemIdentifier: null,
    foreignLines: [],
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
  console.act.armDeadMan(front, { ...(await specFor('front')), key, herdId: 'orders', token, expiryMs }, limits)
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
    const trial = await console.read.tryDeadMan(stage.addressOf(host), await specFor(host), limits)
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
  const blind = await console.read.tryDeadMan(front, await specFor('front'), limits)
  expect(blind.answers.map(({ answer, because }) => `${answer}: ${because}`)).toEqual(
    Array(2).fill('silent: the pooler has no login for it'),
  )
  await lab().hosts.mustExec('front', ['mv', `${userlist}.kept`, userlist])
})

test('paused clients are resumed, on the primary that is, when everything of ours is gone', async () => {
  await arm('alone', 1, 60_000)
  await console.act.pause(front, 'orders', limits)
  const asking = ask()
  await console.act.extendDeadMan(front, { key: 'alone', expiryMs: 2_000, token: 1 }, limits)
  const leftAt = Date.now()
  console.close()
  await console.ssh.close()
  lab().hosts.signal('front', 'SIGKILL', 'sshd: postgres')
  expect(await asking).toBe(addressOf('a'))
  globalThis.console.info(`The timer had 2000 ms; the client went on after ${Date.now() - leftAt} ms.`)
  console = stage.connect()
  await expect.poll(() => timer('alone'), patience).toMatchObject({ state: 'fired', ledTo: 'orders on a', resumed: ['orders'] })
  expect((await timer('alone')).log).toMatch(
    /armed\n.*orders on a takes writes\n.*resumed the clients of orders, now served by orders on a\n/,
  )
})

test('while no member takes writes clients stay paused; once another one is promoted they are resumed there, and the file points to it', async () => {
  const before = await file()
  await arm('asking', 2, 60_000)
  await console.act.pause(front, 'orders', limits)
  const asking = ask()
  await role('a', '-m fast stop')
  await console.act.extendDeadMan(front, { key: 'asking', expiryMs: 1, token: 2 }, limits)
  await expect.poll(async () => (await timer('asking')).log, patience).toMatch(/nobody takes writes; asking on/)
  expect([await timer('asking'), await orders()]).toMatchObject([{ state: 'armed', leftMs: 0 }, { isPaused: true }])
  await role('b', 'promote')
  expect(await asking).toBe(addressOf('b'))
  await expect.poll(() => timer('asking'), patience).toMatchObject({ state: 'fired', ledTo: 'orders on b' })
  expect(await file()).toMatchObject({ text: leadingTo(before.text, 'b'), mode: before.mode, owner: before.owner, fence: 2 })
  const isThere = async () => (await lab().hosts.exec('front', ['pgrep', '-f', 'dead-man'])).code === 0
  await expect.poll(isThere, patience).toBe(false)
})
