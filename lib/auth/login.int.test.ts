import { encode } from 'next-auth/jwt'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { absentActor } from '@/db/people/actors'
import { closeSession, listSessions, livePerson, revokeSession } from '@/db/people/sessions'
import { revokeToken } from '@/db/people/tokens'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { startDirectory, type TestDirectory } from '@/e2e/harness/daemons/directory'
import { directoryOf } from '@/e2e/harness/daemons/directory-port'
import { authSecret } from '@/lib/env'
import type { Actor, Grant } from '@/lib/kernel/access/access'
import type { Directory } from '@/lib/ports/directory'
import { ensureLocalAdmin } from './bootstrap'
import { logIn } from './login'
import { sessionCookieName } from './options'
import { refreshGroups } from './refresh-groups'
import { actorOfRequest } from './request'
import { createToken } from './tokens'

let database: TestDatabase
let slapd: TestDirectory
let directory: Directory
const environments: Record<string, string> = {}

const attempt = (userName: unknown, password: unknown, from = '192.0.2.1', device?: string) =>
  logIn({ userName, password, from, userAgent: 'test', device }, { directory, sessionHours: 12, refusalMs: 0 })
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no fault',
    (error) => error.code,
  )
const grant = async (who: { group?: string; userName?: string }, role: string, environment: string | null) => {
  await getPool().query(
    'insert into grants (group_name, person_id, role, environment_id) values ($1, (select id from people where user_name = $2), $3, $4) on conflict do nothing',
    [who.group ?? null, who.userName ?? null, role, environment && environments[environment]],
  )
}
const bearer = (token: string, from = '192.0.2.9') =>
  new Request('http://console.test/api/v1/me', { headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': from } })
const cookie = async (sessionId: string) =>
  `${sessionCookieName()}=${await encode({ token: { sid: sessionId }, secret: authSecret(), maxAge: 3600 })}`

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  process.env.MATRIARCH_URL = 'http://console.test'
  ;[database, slapd] = await Promise.all([startDatabase(), startDirectory()])
  directory = directoryOf(slapd)
  for (const name of ['dev', 'prod']) {
    const { rows } = await getPool().query('insert into environments (name) values ($1) returning id', [name])
    environments[name] = rows[0].id
  }
  await ensureLocalAdmin('admin', 'the first password')
  await grant({ group: 'VIEWERS' }, 'viewer', null)
  await grant({ group: 'dbas' }, 'dba', 'dev')
})
beforeEach(() => getPool().query('delete from login_attempts'))
afterAll(async () => {
  await Promise.all([database.stop(), slapd.stop()])
})

test('a local account signs in whatever the case of its name, and the first administrator is made only once', async () => {
  const { sessionId } = await attempt(' Admin ', 'the first password')
  const person = await livePerson(sessionId, 60)
  expect(person).toMatchObject({ userName: 'admin', grants: [{ role: 'admin', environmentId: null }] })
  expect(await ensureLocalAdmin('ADMIN', 'another password')).toBe(false)
  expect(await codeOf(attempt('admin', 'another password'))).toBe('auth.rejected')
})

test('a directory person holds what their groups are granted, asked again at each request', async () => {
  const { sessionId } = await attempt('dana', 'dana-password')
  const grants = async () => (await livePerson(sessionId, 60))!.grants.map(({ role, environmentId }) => `${role} ${environmentId}`).sort()
  expect(await grants()).toEqual([`dba ${environments.dev}`, 'viewer null'])
  await grant({ group: 'dbas' }, 'operator', 'prod')
  expect(await grants()).toContain(`operator ${environments.prod}`)
  await getPool().query("delete from grants where role = 'operator'")
  expect(await grants()).toEqual([`dba ${environments.dev}`, 'viewer null'])
})

test('a local account answers for its own name and the directory never does', async () => {
  await getPool().query(
    "insert into people (user_name, source, password_hash) select 'vera', 'local', password_hash from people where user_name = 'admin'",
  )
  expect(await codeOf(attempt('vera', 'vera-password'))).toBe('auth.rejected')
  const { sessionId } = await attempt('vera', 'the first password')
  expect((await livePerson(sessionId, 60))!.grants).toEqual([])
  await getPool().query("delete from people where user_name = 'vera'")
})

test('wrong name, wrong password, empty password and a disabled person are told alike', async () => {
  await attempt('dana', 'dana-password')
  await getPool().query("update people set is_disabled = true where user_name = 'dana'")
  for (const [name, password] of [
    ['nobody', 'x'],
    ['admin', 'wrong'],
    ['admin', ''],
    ['', ''],
    ['dana', 'dana-password'],
  ] as const) {
    await expect(attempt(name, password)).rejects.toMatchObject({
      code: 'auth.rejected',
      message: 'The user name or the password is wrong.',
    })
  }
  await getPool().query("update people set is_disabled = false where user_name = 'dana'")
})

test('a session ends at its hour, when idle too long, when revoked, and when the person is disabled', async () => {
  const { sessionId } = await attempt('admin', 'the first password')
  const endedBy = async (change: string) => {
    await getPool().query(change, [sessionId])
    const person = await livePerson(sessionId, 30)
    await getPool().query("update sessions set expires_at = now() + interval '1 hour', seen_at = now(), revoked_at = null where id = $1", [
      sessionId,
    ])
    await getPool().query('update people set is_disabled = false')
    return person === null
  }
  expect(await endedBy("update sessions set expires_at = now() - interval '1 second' where id = $1")).toBe(true)
  expect(await endedBy("update sessions set seen_at = now() - interval '31 minutes' where id = $1")).toBe(true)
  expect(await endedBy('update people set is_disabled = true where id = (select person_id from sessions where id = $1)')).toBe(true)
  expect(await livePerson(sessionId, 30)).not.toBeNull()
  const dana = await attempt('dana', 'dana-password')
  const stranger: Actor = { kind: 'person', personId: dana.personId, name: 'dana', grants: [{ role: 'dba', environmentId: null }] }
  expect(await codeOf(revokeSession(stranger, sessionId))).toBe('record.missing')
  expect((await listSessions(stranger, { hours: 12, idleMinutes: 30 })).every((row) => row.userName === 'dana')).toBe(true)
  const admin: Actor = { kind: 'person', personId: null, name: 'admin', grants: [{ role: 'admin', environmentId: null }] }
  expect((await listSessions(admin, { hours: 12, idleMinutes: 30 })).map((row) => row.id)).toContain(sessionId)
  await revokeSession(admin, sessionId)
  expect(await livePerson(sessionId, 30)).toBeNull()
})

test('while the directory is down local accounts work, others get an error that says so, and nobody is slowed', async () => {
  await slapd.kill()
  for (let again = 0; again < 7; again++) expect(await codeOf(attempt('dana', 'dana-password'))).toBe('auth.directory-down')
  expect(await attempt('admin', 'the first password')).toMatchObject({ userName: 'admin' })
  await slapd.start()
  expect(await attempt('dana', 'dana-password')).toMatchObject({ userName: 'dana' })
})

test('logins and refusals are in the audit log, passwords are not', async () => {
  await getPool().query('delete from audit_folds')
  await attempt('admin', 'the first password')
  await codeOf(attempt('admin', 'a very wrong one'))
  const { rows } = await getPool().query(
    "select act, actor_name, from_address, detail from audit where act like 'login%' order by seq desc limit 2",
  )
  expect(rows).toMatchObject([
    { act: 'login.refused', actor_name: 'admin', from_address: '192.0.2.1', detail: { because: 'auth.rejected' } },
    { act: 'login', actor_name: 'admin', from_address: '192.0.2.1', detail: { source: 'local' } },
  ])
  expect(JSON.stringify((await getPool().query('select * from audit')).rows)).not.toContain('a very wrong one')
})

test('a logout is a line with name and address, once, and one of no login is none', async () => {
  const { sessionId } = await attempt('admin', 'the first password')
  const lines = async () =>
    (await getPool().query("select actor_name, from_address, object_id from audit where act = 'logout' order by seq")).rows
  await closeSession(crypto.randomUUID(), '192.0.2.1')
  expect(await lines()).toEqual([])
  await closeSession(sessionId, '192.0.2.7')
  await closeSession(sessionId, '192.0.2.8')
  expect(await livePerson(sessionId, 60)).toBeNull()
  expect(await lines()).toEqual([{ actor_name: 'admin', from_address: '192.0.2.7', object_id: sessionId }])
})

test('a token speaks for its owner within its scope, is kept only as a hash, and ends when revoked or expired', async () => {
  const { personId } = await attempt('dana', 'dana-password')
  const dana: Actor = { kind: 'person', personId, name: 'dana', grants: [{ role: 'viewer', environmentId: environments.dev! }] }
  const { id, token } = await createToken(dana, { name: 'script', role: 'dba', environmentId: environments.dev!, expiresAt: null })
  expect(token).toMatch(/^mat_[0-9A-Za-z]{8}_[0-9A-Za-z]{36}$/)
  const stored = await getPool().query('select * from tokens where id = $1', [id])
  expect(JSON.stringify(stored.rows)).not.toContain(token.split('_')[2])
  const actor = await actorOfRequest(bearer(token))
  expect(actor).toMatchObject({ kind: 'token', tokenId: id, personId, from: '192.0.2.9' })
  expect(actor.grants.map(({ role, environmentId }) => `${role} ${environmentId}`).sort()).toEqual([
    `dba ${environments.dev}`,
    `viewer ${environments.dev}`,
  ])
  expect(await codeOf(createToken(actor, { name: 'child', role: 'viewer', environmentId: null, expiresAt: null }))).toBe('access.denied')
  const stranger: Actor = { kind: 'person', personId: null, name: 'x', grants: [{ role: 'dba', environmentId: null }] }
  expect(await codeOf(revokeToken(stranger, id))).toBe('record.missing')
  await getPool().query("update tokens set expires_at = now() - interval '1 second' where id = $1", [id])
  expect(await codeOf(actorOfRequest(bearer(token)))).toBe('auth.required')
  await getPool().query('update tokens set expires_at = null where id = $1', [id])
  await revokeToken(dana, id)
  expect(await codeOf(actorOfRequest(bearer(token)))).toBe('auth.required')
})

test('guessing tokens is slowed by address, and a good token from there still works', async () => {
  const { personId } = await attempt('admin', 'the first password')
  const { token } = await createToken(
    { kind: 'person', personId, name: 'admin', grants: [] },
    { name: 'good', role: 'admin', environmentId: null, expiresAt: null },
  )
  const bad = `mat_abcdefgh_${'x'.repeat(36)}`
  for (let guess = 0; guess < 20; guess++) expect(await codeOf(actorOfRequest(bearer(bad)))).toBe('auth.required')
  expect(await codeOf(actorOfRequest(bearer(bad)))).toBe('auth.throttled')
  expect(await actorOfRequest(bearer(token))).toMatchObject({ kind: 'token' })
})

test('a login cookie may read from anywhere but change only from the console’s own pages', async () => {
  const { sessionId } = await attempt('admin', 'the first password')
  const request = async (method: string, headers: Record<string, string>) =>
    actorOfRequest(new Request('http://console.test/api/v1/runs', { method, headers: { cookie: await cookie(sessionId), ...headers } }))
  expect(await request('GET', {})).toMatchObject({ kind: 'person', sessionId })
  expect(await request('POST', { origin: 'http://console.test' })).toMatchObject({ kind: 'person' })
  expect(await request('POST', { 'sec-fetch-site': 'same-origin', origin: 'http://127.0.0.1:3000' })).toMatchObject({ kind: 'person' })
  for (const headers of [
    {},
    { origin: 'http://evil.test' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://console.test' },
  ] as Record<string, string>[]) {
    expect(await codeOf(request('POST', headers)), JSON.stringify(headers)).toBe('access.denied')
  }
  expect(await codeOf(actorOfRequest(new Request('http://console.test/', { headers: { cookie: `${sessionCookieName()}=forged` } })))).toBe(
    'auth.required',
  )
})

const later = () => getPool().query("update people set groups_at = now() - interval '1 hour'")
const danaWith = async (wanted: { environmentId: string | null } = { environmentId: null }) => {
  const { personId, sessionId } = await attempt('dana', 'dana-password')
  const { token } = await createToken(
    { kind: 'person', personId, name: 'dana', grants: [] },
    { name: 'left', role: 'dba', expiresAt: null, ...wanted },
  )
  return { personId, sessionId, token }
}
const rolesOf = (grants: readonly Grant[] | undefined) => grants?.map(({ role }) => role).sort() ?? null

test('somebody who left a group soon holds nothing by it: not by a login, a token, or a run that waits for its time', async () => {
  const { personId, sessionId, token } = await danaWith()
  const held = async () => [
    rolesOf((await livePerson(sessionId, 60))?.grants),
    rolesOf((await actorOfRequest(bearer(token))).grants),
    rolesOf((await absentActor(personId, null))?.grants),
  ]
  const fewer: Directory = { ...directory, find: async (userName) => ({ userName, fullName: '', email: '', groups: ['viewers'] }) }
  expect(await held()).toEqual([
    ['dba', 'viewer'],
    ['dba', 'viewer'],
    ['dba', 'viewer'],
  ])
  expect(await refreshGroups(fewer), 'nobody is asked twice in a quarter of an hour').toBe(0)
  await later()
  expect(await refreshGroups(fewer)).toBe(1)
  expect(await held()).toEqual([['viewer'], ['viewer'], ['viewer']])
  await later()
  await slapd.kill()
  expect(await codeOf(refreshGroups(directory)), 'a directory that is down changes nothing').toBe('auth.directory-down')
  expect(await held()).toEqual([['viewer'], ['viewer'], ['viewer']])
  await slapd.start()
  expect(await refreshGroups(directory)).toBe(1)
  expect((await held())[0]).toEqual(['dba', 'viewer'])
})

test('an account that the directory disabled, not deleted, soon holds nothing: logins end, tokens and waiting runs count for nothing, own grants too', async () => {
  const { personId, sessionId, token } = await danaWith()
  await grant({ userName: 'dana' }, 'operator', 'prod')
  const dn = `uid=dana,ou=people,${slapd.baseDn}`
  await slapd.change(`dn: ${dn}\nchangetype: modify\nadd: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n`)
  await later()
  expect(await refreshGroups(directory)).toBe(1)
  expect(await livePerson(sessionId, 60)).toBeNull()
  expect(await codeOf(actorOfRequest(bearer(token)))).toBe('auth.required')
  expect(await absentActor(personId, null)).toBeNull()
  expect(await codeOf(attempt('dana', 'dana-password'))).toBe('auth.rejected')
  await slapd.change(`dn: ${dn}\nchangetype: modify\ndelete: pwdAccountLockedTime\n`)
  await later()
  await refreshGroups(directory)
  expect(await livePerson(sessionId, 60), 'a login that ended stays ended').toBeNull()
  expect(rolesOf((await actorOfRequest(bearer(token))).grants)).toContain('operator')
  const { rows } = await getPool().query("select act from audit where act like 'person.%directory' order by seq")
  expect(rows.map(({ act }) => act)).toEqual(['person.left-directory', 'person.back-in-directory'])
  await getPool().query("delete from grants where role = 'operator'")
})

test('whoever holds anything is asked after: by a login alone, by a token alone, by a scheduled run alone, and nobody else', async () => {
  const { personId } = await danaWith()
  const only = async (keep: 'sessions' | 'tokens' | 'scheduled_runs' | null) => {
    await getPool().query('update sessions set revoked_at = now()')
    await getPool().query('update tokens set revoked_at = now()')
    await getPool().query('delete from scheduled_runs')
    if (keep === 'scheduled_runs')
      await getPool().query(
        `insert into scheduled_runs (at, start_within_minutes, operation, resource, title, plan_id, person_id, actor_name)
         values (now() + interval '1 day', 60, 'restart', 'instance', 'x', gen_random_uuid(), $1, 'dana')`,
        [personId],
      )
    else if (keep)
      await getPool().query(
        `update ${keep} set revoked_at = null where id = (select id from ${keep} where person_id = $1 order by created_at desc limit 1)`,
        [personId],
      )
    await later()
    return refreshGroups(directory)
  }
  expect([await only(null), await only('sessions'), await only('tokens'), await only('scheduled_runs')]).toEqual([0, 1, 1, 1])
  await getPool().query('delete from scheduled_runs')
})
