import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { changeRecord, getRecord } from '@/db/records/records'
import { tidy } from '@/db/tidy'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { mailLogin, startMailServer, type TestMailServer } from '@/e2e/harness/daemons/mail'
import { makeMessages } from '@/lib/adapters/messages'
import { setPassword } from '@/lib/auth/set-password'
import { createToken } from '@/lib/auth/tokens'
import type { Actor } from '@/lib/kernel/access/access'
import type { Answer } from '@/lib/ports/messages'
import { resourceByName } from '@/lib/resources'
import { sendNotices } from './notices'

let database: TestDatabase
let server: TestMailServer
let ada: string
let admin: Actor
const consoleUrl = 'https://console.example.org/'

const send = (port = server.port) =>
  sendNotices({
    consoleUrl,
    messages: makeMessages({
      networks: [],
      ca: server.ca,
      mail: {
        host: '127.0.0.1',
        port,
        isTls: false,
        login: { user: mailLogin.user, password: mailLogin.password },
        from: 'matriarch@example.org',
        crl: null,
      },
    }),
  })
const waiting = async () => (await getPool().query('select count(*)::int as n from notices where finished_at is null')).rows[0].n

beforeAll(async () => {
  process.env.DATABASE_URL = 'postgres://unused'
  ;[database, server] = await Promise.all([startDatabase(), startMailServer()])
  const add = async (name: string, email: string) =>
    (await getPool().query('insert into people (user_name, email) values ($1, $2) returning id', [name, email])).rows[0].id
  ada = await add('ada', 'ada@example.org')
  const personId = await add('admin', '')
  await getPool().query("insert into grants (person_id, role) values ($1, 'admin')", [personId])
  admin = { kind: 'person', personId, name: 'admin', grants: [{ role: 'admin', environmentId: null }], from: '192.0.2.7' }
})
beforeEach(async () => {
  await getPool().query('delete from notices')
  server.taken.length = 0
})
afterAll(async () => {
  await Promise.all([database?.stop(), server?.stop()])
})

test('a person is told by mail, once, who changed what they sign in with, and a change of address is told at the old one', async () => {
  await setPassword(admin, ada, { password: 'a long enough one for nights' })
  await createToken({ ...admin, personId: ada, name: 'ada' }, { name: 'nightly', role: 'viewer', environmentId: null, expiresAt: null })
  const person = resourceByName('person')!
  const { revision } = await getRecord(admin, person, ada)
  await changeRecord(admin, person, ada, { email: 'other@example.org' }, revision)
  await Promise.all([send(), send(), send()])
  const told = server.taken.map(({ to, text }) => [to, /^Subject: (.*)$/m.exec(text)?.[1]?.trim()])
  expect(told.sort()).toEqual([
    [['ada@example.org'], 'Matriarch: An API token was created in your name'],
    [['ada@example.org'], 'Matriarch: The mail address of your account was changed'],
    [['ada@example.org'], 'Matriarch: The password of your account was set'],
  ])
  expect(server.taken.find(({ text }) => text.includes('The password'))!.text).toContain('By: admin, from 192.0.2.7')
  expect(await waiting()).toBe(0)
})

test('what was not done is told to nobody, and neither is whoever has no address', async () => {
  const stale = { ...admin, isProofStale: true }
  await expect(setPassword(stale, ada, { password: 'a long enough one for nights' })).rejects.toMatchObject({ code: 'auth.proof' })
  await createToken(admin, { name: 'mine', role: 'viewer', environmentId: null, expiresAt: null })
  expect(await waiting()).toBe(0)
})

test('a mail server that is down gets it later, and one that never comes back or does not exist keeps nothing for ever', async () => {
  await createToken({ ...admin, personId: ada }, { name: 'later', role: 'viewer', environmentId: null, expiresAt: null })
  await send(1)
  expect([server.taken.length, await waiting()]).toEqual([0, 1])
  await send()
  expect(server.taken, 'not before its time').toHaveLength(0)
  await getPool().query('update notices set due_at = now()')
  await send()
  expect([server.taken.length, await waiting()]).toEqual([1, 0])

  await createToken({ ...admin, personId: ada }, { name: 'never', role: 'viewer', environmentId: null, expiresAt: null })
  await getPool().query("update notices set created_at = now() - interval '25 hours'")
  await send(1)
  expect(await waiting()).toBe(0)
  await createToken({ ...admin, personId: ada }, { name: 'nowhere', role: 'viewer', environmentId: null, expiresAt: null })
  await sendNotices({ consoleUrl, messages: makeMessages({ networks: [], ca: null, mail: null }) })
  expect(await waiting()).toBe(1)
  await getPool().query("update notices set created_at = now() - interval '4 days'")
  await tidy({ resultDays: 30 })
  expect(await waiting()).toBe(0)
})

test('a sender that dies between sending and noting it sends once more, under the same id', async () => {
  await createToken({ ...admin, personId: ada }, { name: 'twice', role: 'viewer', environmentId: null, expiresAt: null })
  const ids: string[] = []
  const mail = async ({ id }: { id: string }): Promise<Answer> => {
    ids.push(id)
    if (ids.length === 1) throw new Error('killed')
    return { isTaken: true, words: 'ok' }
  }
  const messages = { send: async () => ({ isTaken: false, words: '' }), mail }
  await expect(sendNotices({ consoleUrl, messages })).rejects.toThrow('killed')
  await sendNotices({ consoleUrl, messages })
  expect(ids).toHaveLength(1)
  await getPool().query("update notices set claimed_until = now() - interval '1 second'")
  await sendNotices({ consoleUrl, messages })
  expect(ids[1]).toBe(ids[0])
})
