import './async-storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { makeVault } from '@/lib/adapters/vault'
import { provenActs } from '@/lib/kernel/access/proof'
import type { Attempt } from './laws'
import { type Answer, openStage, type Stage } from './stage'
import { digest } from './world'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
  const { publicKey } = makeVault(Buffer.alloc(32, 7).toString('base64'))
  await stage.owner.query(`insert into settings (name, value) values ('sealing-key', to_jsonb($1::text))`, [publicKey])
})
afterAll(() => stage?.stop())

const idOf = async (statement: string, values: unknown[] = []): Promise<string> => (await getPool().query(statement, values)).rows[0].id
const addPerson = (name: string) => idOf('insert into people (user_name) values ($1) returning id', [name])
const addGrant = async (name: string) =>
  idOf(`insert into grants (person_id, role) values ($1, 'viewer') returning id`, [await addPerson(name)])
const addEnvironment = (name: string) => idOf('insert into environments (name) values ($1) returning id', [name])
const withNextKey = async (name: string) => {
  const id = await addEnvironment(name)
  await getPool().query(`insert into console_keys (environment_id, state, public_key, sealed_private_key) values ($1, 'next', 'p', 's')`, [
    id,
  ])
  return id
}
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()
const record = (resource: string, body: object, id?: string): Attempt => ({
  params: { resource, ...(id ? { id } : {}) },
  ...(Object.keys(body).length > 0 ? { body } : {}),
})
const add = 'POST /api/v1/{resource}'
const change = 'PATCH /api/v1/{resource}/{id}'
const remove = 'DELETE /api/v1/{resource}/{id}'

/** Each act that asks for a proof, as a browser does it. */
const ways: Readonly<Record<string, () => Promise<[key: string, attempt: Attempt]>>> = {
  'plan.approve': async () => ['POST /api/v1/plans/{id}/approve', { params: { id: stage.world.id('plan', 'here') }, body: { digest } }],
  'sizing-rule.approve': async () => [
    'POST /api/v1/sizing-rules/{id}/approve',
    { params: { id: stage.world.id('sizing-rule', 'here') }, body: { revision: 1 } },
  ],
  'person.add': async () => [add, record('people', { userName: 'made', fullName: '' })],
  'person.change': async () => [change, record('people', { fullName: 'X', revision: 1 }, await addPerson('changed'))],
  'person.delete': async () => [remove, record('people', {}, await addPerson('deleted'))],
  'person.password': async () => [
    'PUT /api/v1/people/{id}/password',
    { params: { id: await addPerson('given') }, body: { password: 'a long enough one for nights' } },
  ],
  'grant.add': async () => [add, record('grants', { personId: await addPerson('granted'), role: 'viewer' })],
  'grant.change': async () => [change, record('grants', { role: 'operator', revision: 1 }, await addGrant('raised'))],
  'grant.delete': async () => [remove, record('grants', {}, await addGrant('lost'))],
  'token.create': async () => ['POST /api/v1/tokens', { body: { name: 'x', role: 'viewer', environmentId: null } }],
  'token.change': async () => [
    'PATCH /api/v1/tokens/{id}',
    {
      params: {
        id: await idOf(`insert into tokens (person_id, name, prefix, hash) values ($1, 'own', 'aaaaaaaa', 'h') returning id`, [
          admin().personId,
        ]),
      },
      body: { role: 'admin', revision: 1 },
    },
  ],
  'enrolment-key.create': async () => [
    'POST /api/v1/enrolment-keys',
    { body: { name: 'k', environmentId: stage.world.id('environment', 'here'), expiresAt: inAnHour() } },
  ],
  'subscription.new-secret': async () => {
    const id = stage.world.id('subscription', 'here')
    await getPool().query(`update subscriptions set channel = 'webhook' where id = $1`, [id])
    return ['POST /api/v1/subscriptions/{id}/secret', { params: { id } }]
  },
  'environment.change': async () => [
    change,
    record('environments', { protection: 'two-person', revision: 1 }, await addEnvironment('weaker')),
  ],
  'environment.delete': async () => [remove, record('environments', {}, await addEnvironment('gone'))],
  'environment.allow-lowering': async () => {
    const id = await idOf(`insert into environments (name, protection) values ('guarded', 'two-person') returning id`)
    return ['POST /api/v1/environments/{id}/allow-lowering', { params: { id } }]
  },
  'environment.new-key': async () => [
    'POST /api/v1/environments/{id}/key',
    { params: { id: await addEnvironment('keyed') }, body: { step: 'new' } },
  ],
  'environment.switch-key': async () => [
    'POST /api/v1/environments/{id}/key',
    { params: { id: await withNextKey('switched') }, body: { step: 'switch' } },
  ],
  'environment.discard-key': async () => [
    'POST /api/v1/environments/{id}/key',
    { params: { id: await withNextKey('discarded') }, body: { step: 'discard' } },
  ],
}

const admin = () => stage.callers.admins.find(({ kind }) => kind === 'person')!
const proveBefore = (minutes: number) =>
  getPool().query('update sessions set proved_at = now() - make_interval(mins => $2) where person_id = $1', [admin().personId, minutes])

const tables = [
  'people',
  'grants',
  'tokens',
  'enrolment_keys',
  'subscriptions',
  'environments',
  'console_keys',
  'plans',
  'changes',
  'audit',
]
/** Changes with whatever changes. Whom a session was seen of, and when, is no part of it. */
const printOfAll = async (): Promise<string> => {
  const parts = tables.map((table) => `select ${table}::text as line from ${table}`)
  return (await stage.owner.query(`select md5(string_agg(line, '|' order by line)) as print from (${parts.join(' union all ')}) lines`))
    .rows[0].print
}
const said = ({ status, code, text }: Answer): string => code ?? (status < 300 ? 'done' : text)

/** Of people on the console’s pages alone: `lib/auth/second-factor.int.test.ts` tries them. */
const onPages = ['recovery-codes.renew', 'second-factor.add', 'second-factor.remove', 'second-factor.reset']

test('every act that asks for a proof has a way here by which it is tried, or is of the pages alone', () => {
  expect([...Object.keys(ways), ...onPages].sort()).toEqual(Object.keys(provenActs).sort())
})

test.each(Object.keys(ways))(
  '%s is refused eleven minutes after the last proof, leaves nothing behind, and is done right after one',
  async (name) => {
    const [key, attempt] = await ways[name]!()
    await proveBefore(11)
    const before = await printOfAll()
    expect(said(await stage.call(admin(), key, attempt))).toBe('auth.proof')
    expect(await printOfAll()).toBe(before)
    await proveBefore(0)
    expect(said(await stage.call(admin(), key, attempt))).toBe('done')
    expect((await getPool().query('select act from audit order by seq desc limit 1')).rows).toEqual([{ act: name }])
  },
)

test('what opens nothing and lowers nothing asks for no proof: the words of an environment, and the plan of an operation', async () => {
  await proveBefore(11)
  const environment = await addEnvironment('described')
  expect(said(await stage.call(admin(), change, record('environments', { description: 'x', revision: 1 }, environment)))).toBe('done')
  const plan = { body: { operation: 'reload', targets: [stage.world.id('instance', 'here')] } }
  expect(said(await stage.call(admin(), 'POST /api/v1/plans', plan))).toBe('worker.absent')
  await proveBefore(0)
})

test('a secret of whatever record asks for a proof', async () => {
  await proveBefore(11)
  const zone = { name: 'proof.test', provider: 'rfc2136', environmentId: stage.world.id('environment', 'here'), resolvers: ['192.0.2.53'] }
  const secret = { primaryHost: '192.0.2.53', keyName: 'k', keySecret: 'MDEyMzQ1Njc4OWFiY2RlZg==' }
  const answer = await stage.call(admin(), add, record('dns-zones', { ...zone, ...secret }))
  expect(said(answer)).toBe('auth.proof')
  await proveBefore(0)
})
