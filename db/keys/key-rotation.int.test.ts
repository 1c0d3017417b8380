import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { actorIn } from '@/e2e/harness/two-territories'
import { makeSshKey, makeVault } from '@/lib/adapters/vault'
import { getPool } from '../pg/client'
import { consolePrivateKey, consolePublicKeys, ensureConsoleKeys, purposeOf } from './console-keys'
import { hostsToTry, makeNextKeys, markAccepted, readKeyStanding, takeKeyStep } from './key-rotation'

let database: TestDatabase
let dev: string
beforeAll(async () => {
  database = await startDatabase()
  const { rows } = await getPool().query("insert into environments (name) values ('dev'), ('prod') returning id")
  dev = rows[0].id
  await getPool().query(
    `insert into servers (environment_id, hostname, address, host_key) select $1, 'h' || n, 'h' || n, case when n < 3 then 'SHA256:' || n end from generate_series(1, 3) n`,
    [dev],
  )
  await ensureConsoleKeys(vault, make)
})
afterAll(() => database.stop())

const vault = makeVault(randomBytes(32).toString('base64'))
const make = () => makeSshKey('matriarch')
const admin = () => actorIn('admin', dev)
const inUse = (because: RegExp) => ({ code: 'record.in-use', message: expect.stringMatching(because) })

test('a key is replaced only once every host that is in reach lets the new one in, and the console goes on with the former until then', async () => {
  const former = await consolePrivateKey(dev, vault, make)
  await expect(takeKeyStep(admin(), dev, 'switch')).rejects.toMatchObject(inUse(/no new key/))
  await takeKeyStep(admin(), dev, 'new')
  await expect(takeKeyStep(admin(), dev, 'new')).rejects.toMatchObject(inUse(/has a new key already/))
  await expect(takeKeyStep(admin(), dev, 'switch', true)).rejects.toMatchObject(inUse(/No worker has made/))
  await Promise.all([1, 2, 3].map(() => makeNextKeys(vault, make, purposeOf)))
  const { next } = await consolePublicKeys(dev)
  expect(next).toMatch(/^ssh-ed25519 /)
  expect(await consolePrivateKey(dev, vault, make)).toBe(former)

  const [first, second, ...more] = await hostsToTry()
  expect(more).toEqual([])
  await expect(takeKeyStep(admin(), dev, 'switch')).rejects.toMatchObject(inUse(/out of reach: h1, h2\./))
  await markAccepted(first!.serverId, first!.keyId)
  expect(await readKeyStanding(dev)).toMatchObject({ next: { publicKey: next, accepted: 1, servers: 2, missing: ['h2'] } })
  await expect(takeKeyStep(admin(), dev, 'switch')).rejects.toMatchObject(inUse(/out of reach: h2\./))
  await markAccepted(second!.serverId, second!.keyId)
  await takeKeyStep(admin(), dev, 'switch')
  expect(await consolePublicKeys(dev)).toEqual({ current: next, next: null })
  expect(await consolePrivateKey(dev, vault, make)).toBe(vault.open(first!.sealedPrivateKey, purposeOf(dev)))
  expect(await hostsToTry()).toEqual([])
})

test('a discarded key is gone with what accepted it, and a host that is lost for good can be left behind, which the audit log names', async () => {
  const { current } = await consolePublicKeys(dev)
  await takeKeyStep(admin(), dev, 'new')
  await makeNextKeys(vault, make, purposeOf)
  const [host] = await hostsToTry()
  await markAccepted(host!.serverId, host!.keyId)
  await takeKeyStep(admin(), dev, 'discard')
  expect(await consolePublicKeys(dev)).toEqual({ current, next: null })
  await takeKeyStep(admin(), dev, 'new')
  await makeNextKeys(vault, make, purposeOf)
  expect(await hostsToTry()).toHaveLength(2)
  await takeKeyStep(admin(), dev, 'switch', true)
  const { rows } = await getPool().query("select detail from audit where act = 'environment.switch-key' order by seq desc limit 1")
  expect(rows[0].detail).toEqual({ withoutHosts: ['h1', 'h2'] })
})

test('only an administrator of the environment replaces its key', async () => {
  for (const step of ['new', 'switch', 'discard'] as const) {
    await expect(takeKeyStep(actorIn('dba', dev), dev, step)).rejects.toMatchObject({ code: 'access.denied' })
    await expect(takeKeyStep(actorIn('admin', crypto.randomUUID()), dev, step)).rejects.toMatchObject({ code: 'record.missing' })
  }
})
