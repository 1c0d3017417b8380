import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { type ApiServer, serveApi } from '@/e2e/harness/api'
import { origin, setConsoleEnvironment, signIn } from '@/e2e/harness/browser-login'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'

let database: TestDatabase
let api: ApiServer
let personId: string
let cookie: string

beforeAll(async () => {
  setConsoleEnvironment()
  database = await startDatabase()
  api = await serveApi()
  await ensureLocalAdmin('eve', 'the fourth of five')
  personId = (await getPool().query("select id from people where user_name = 'eve'")).rows[0].id
  cookie = (await signIn(personId)).cookie
})
afterAll(async () => {
  await api?.close()
  await database?.stop()
})

const call = (method: string, path: string, body: unknown, headers: Record<string, string> = { cookie, origin }) =>
  fetch(`${api.url}/api/v1/${path}`, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
const made = async (wanted: object) => {
  const answer = await call('POST', 'tokens', wanted)
  const body = (await answer.json()) as { id: string; token: string }
  expect(answer.status, JSON.stringify(body)).toBe(201)
  return body
}

test('a token ends after 90 days unless asked otherwise, within the longest life there is, and never later than it was made to', async () => {
  const daysOf = async (wanted: object) => {
    const { id } = await made(wanted)
    const { rows } = await getPool().query(
      'select round(extract(epoch from expires_at - now()) / 86400)::int as days from tokens where id = $1',
      [id],
    )
    return rows[0].days
  }
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
  expect([await daysOf({ name: 'default' }), await daysOf({ name: 'a year', expiresAt: inDays(366) })]).toEqual([90, 366])
  for (const expiresAt of [null, inDays(368)]) {
    const refused = await call('POST', 'tokens', { name: 'for ever', expiresAt })
    expect(await refused.json()).toMatchObject({ code: 'input.invalid', fields: [{ path: 'expiresAt' }] })
  }
  const { id } = await made({ name: 'mine' })
  const change = async (expiresAt: string | null) => {
    const { revision } = (await (await call('GET', `tokens/${id}`, undefined)).json()) as { revision: number }
    return (await call('PATCH', `tokens/${id}`, { revision, expiresAt })).status
  }
  expect([await change(null), await change(inDays(91)), await change(inDays(1)), await change(inDays(2))]).toEqual([422, 422, 200, 422])
})

test('the tokens of an account end with its password, and one that is tried first is no password', async () => {
  const { token } = await made({ name: 'mine', role: 'admin' })
  const me = async () => (await call('GET', 'me', undefined, { authorization: `Bearer ${token}` })).status
  const change = (password: string) => call('PUT', `people/${personId}/password`, { password, currentPassword: 'the fourth of five' })
  expect(await me()).toBe(200)
  expect((await change('Password1234!')).status).toBe(422)
  expect(await me()).toBe(200)
  expect((await change('quite another phrase')).status).toBe(204)
  expect(await me()).toBe(401)
})
