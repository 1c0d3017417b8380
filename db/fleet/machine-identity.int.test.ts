import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { getPool } from '../pg/client'
import { recogniseMachine } from './machine-identity'
import { writeHosts } from './observations'

let database: TestDatabase
const ids: Record<string, string> = {}
beforeAll(async () => {
  database = await startDatabase()
  for (const [environment, hosts] of [
    ['dev', ['x1', 'x2']],
    ['prod', ['fra-1', 'fra-2']],
  ] as const) {
    const { rows } = await getPool().query('insert into environments (name) values ($1) returning id', [environment])
    for (const host of hosts)
      ids[host] = (
        await getPool().query('insert into servers (environment_id, hostname, address) values ($1, $2, $2) returning id', [
          rows[0].id,
          host,
        ])
      ).rows[0].id
  }
})
afterAll(() => database?.stop())

const [a, b] = ['a'.repeat(32), 'b'.repeat(32)]

test('the first machine of a server is recorded, and later ones are compared with it', async () => {
  expect(await recogniseMachine(ids['fra-1']!, a)).toBe(a)
  expect(await recogniseMachine(ids['fra-1']!, a)).toBe(a)
  await expect(recogniseMachine(ids['fra-1']!, b)).rejects.toMatchObject({
    code: 'shell.machine-changed',
    facts: { expected: a, offered: b, isOver: true },
  })
  await expect(recogniseMachine(crypto.randomUUID(), a)).rejects.toMatchObject({ code: 'record.missing' })
})

test('a machine that is a server already is refused under every other name, and another environment’s server is not named', async () => {
  for (const [other, named, hidden] of [
    ['x1', 'a server of another environment', 'fra-1'],
    ['fra-2', 'fra-1', null],
  ] as const) {
    const fault = await recogniseMachine(ids[other]!, a).catch((error) => error)
    expect(fault).toMatchObject({ code: 'shell.machine-changed', message: expect.stringContaining(`registered as ${named} already`) })
    if (hidden !== null) expect(fault.message).not.toContain(hidden)
    // Nobody may accept it there.
    expect(fault.facts.offered).toBeUndefined()
  }
})

test('of two servers that meet one machine at once one gets it', async () => {
  const machine = 'c'.repeat(32)
  const answers = await Promise.allSettled(['x1', 'x2'].map((host) => recogniseMachine(ids[host]!, machine)))
  expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('what a look says of another machine is kept for a person to accept, apart from the host key', async () => {
  const look = (code: 'shell.machine-changed' | 'shell.host-key-changed', offeredKey: string, at: number) =>
    writeHosts([{ serverId: ids['fra-1']!, at: new Date(Date.now() + at).toISOString(), fault: { code, offeredKey }, because: 'Another.' }])
  const seen = async () =>
    (await getPool().query('select state, host_key_offered, machine_id_offered from servers where id = $1', [ids['fra-1']])).rows[0]
  await look('shell.machine-changed', b, 1)
  expect(await seen()).toEqual({ state: 'refused', host_key_offered: null, machine_id_offered: b })
  await look('shell.host-key-changed', 'SHA256:x', 2)
  expect(await seen()).toEqual({ state: 'refused', host_key_offered: 'SHA256:x', machine_id_offered: null })
})
