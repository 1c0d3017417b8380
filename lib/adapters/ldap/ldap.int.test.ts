import { createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDirectory, type TestDirectory } from '@/e2e/harness/daemons/directory'
import { type LdapOptions, makeLdapDirectory } from './index'

let directory: TestDirectory

beforeAll(async () => {
  directory = await startDirectory()
})
afterAll(() => directory.stop())

const options = (change: Partial<LdapOptions> = {}): LdapOptions => ({
  url: directory.ldapsUrl,
  startTls: false,
  crl: null,
  ca: directory.ca,
  service: directory.service,
  peopleBaseDn: `ou=people,${directory.baseDn}`,
  userAttribute: 'uid',
  userFilter: null,
  groupsBaseDn: `ou=groups,${directory.baseDn}`,
  deadlineMs: 5_000,
  ...change,
})
const at = (group: string) => `cn=${group},ou=groups,${directory.baseDn}`
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no fault',
    (error) => error.code,
  )

test('over LDAPS and over StartTLS the right password brings name, mail and lower-case groups', async () => {
  for (const change of [{}, { url: directory.ldapUrl, startTls: true }]) {
    const found = await makeLdapDirectory(options(change)).authenticate('dana', 'dana-password')
    expect(found).toEqual({
      userName: 'dana',
      fullName: 'Dana Dba',
      email: 'dana@example.org',
      groups: [at('dbas'), at('viewers'), 'dbas', 'viewers'],
    })
  }
})

test('an unknown name, a wrong password and an empty password are refused alike', async () => {
  const { authenticate } = makeLdapDirectory(options())
  for (const [name, password] of [
    ['nobody', 'x'],
    ['dana', 'wrong'],
    ['dana', ''],
    ['', 'x'],
    ['dana', 'vera-password'],
  ] as const) {
    expect(await codeOf(authenticate(name, password)), `${name}/${password}`).toBe('auth.rejected')
  }
})

test('an empty password is refused without asking the directory', async () => {
  const nowhere = makeLdapDirectory(options({ url: 'ldaps://127.0.0.1:1' }))
  expect(await codeOf(nowhere.authenticate('dana', ''))).toBe('auth.rejected')
})

test('a user name cannot change the search, and an odd one is found as it is', async () => {
  const { authenticate, find } = makeLdapDirectory(options())
  for (const name of ['*', 'd*', 'dana)(uid=*', 'dana)(|(uid=*'])
    expect(await codeOf(authenticate(name, 'dana-password'))).toBe('auth.rejected')
  expect((await authenticate('o*(b)', 'odd-password')).fullName).toBe('Odd Name')
  expect(await find('*')).toBeNull()
})

test('letters beyond ASCII, commas and plus signs work in names, distinguished names and groups', async () => {
  const { authenticate } = makeLdapDirectory(options())
  expect(await authenticate('zoë', 'zoe-password')).toMatchObject({
    userName: 'zoë',
    fullName: 'Zoë Ünlü',
    groups: [at('letters'), 'letters'],
  })
  expect(await authenticate('jdoe', 'jdoe-password')).toMatchObject({ fullName: 'Doe, John + Co', groups: [at('comma'), 'comma'] })
})

test('a base and a person whose names hold escaped signs are themselves: nothing of a name is lost on its way', async () => {
  for (const [index, ou] of ['people\\+staff', '\\ ends\\\\in\\ '].entries()) {
    const { authenticate, check } = makeLdapDirectory(options({ peopleBaseDn: `ou=${ou},${directory.baseDn}` }))
    expect(await authenticate(`signs${index}`, `signs${index}-password`), ou).toMatchObject({ fullName: `signs${index}` })
    expect(await codeOf(authenticate(`signs${index}`, 'dana-password')), 'the name before the sign is somebody else’s').toBe(
      'auth.rejected',
    )
    expect(await codeOf(authenticate('dana', 'dana-password')), 'people of another base').toBe('auth.rejected')
    expect((await check()).slice(0, 3).map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass'])
  }
})

test('find tells the groups without a password, and null for nobody', async () => {
  const { find } = makeLdapDirectory(options())
  expect((await find('normal'))?.groups).toEqual([at('viewers'), 'viewers'])
  expect(await find('nobody')).toBeNull()
})

test('a group makes a DBA by its own name below the base, or by its whole name: not by another of that name, a second name, or something that is no group', async () => {
  const { find } = makeLdapDirectory(options())
  const helpdesk = `cn=dbas,ou=helpdesk,ou=groups,${directory.baseDn}`
  expect((await find('vera'))?.groups).toEqual([helpdesk, at('phones'), at('viewers'), 'phones', 'viewers'].sort())
  const wide = makeLdapDirectory(options({ groupsBaseDn: directory.baseDn }))
  expect((await wide.find('dana'))?.groups, 'nothing lies directly below a base that is too wide').toEqual([at('dbas'), at('viewers')])
})

test('an account that its directory disabled or locked for good is nobody, with the right password too; a passing lock leaves it somebody', async () => {
  const { authenticate, find } = makeLdapDirectory(options())
  for (const name of ['locked', 'nslocked', 'disabled']) {
    expect(await find(name), name).toBeNull()
    expect(await codeOf(authenticate(name, `${name}-password`)), name).toBe('auth.rejected')
  }
  expect((await find('resting'))?.userName).toBe('resting')
  expect((await authenticate('normal', 'normal-password')).userName).toBe('normal')
})

test('a filter of one’s own keeps people out, and one that cannot be read is refused at the start', async () => {
  const { authenticate, find } = makeLdapDirectory(options({ userFilter: '(!(mail=vera@example.org))' }))
  expect(await find('vera')).toBeNull()
  expect(await codeOf(authenticate('vera', 'vera-password'))).toBe('auth.rejected')
  expect((await authenticate('dana', 'dana-password')).userName).toBe('dana')
  expect(() => makeLdapDirectory(options({ userFilter: '(mail=x' }))).toThrow(/LDAP_USER_FILTER/)
})

test('a spelling that only the directory takes for a name is nobody’s: it would have guesses of its own', async () => {
  const { authenticate, find } = makeLdapDirectory(options())
  expect((await authenticate('mary ann', 'mary-password')).userName).toBe('mary ann')
  expect(await codeOf(authenticate('mary  ann', 'mary-password'))).toBe('auth.rejected')
  expect(await find('mary  ann')).toBeNull()
})

test('a certificate of another authority, or for another name, is refused over LDAPS and StartTLS', async () => {
  for (const change of [{}, { url: directory.ldapUrl, startTls: true }]) {
    expect(await codeOf(makeLdapDirectory(options({ ...change, ca: directory.strangeCa })).authenticate('dana', 'dana-password'))).toBe(
      'auth.directory-down',
    )
    expect(await codeOf(makeLdapDirectory(options({ ...change, ca: null })).authenticate('dana', 'dana-password'))).toBe(
      'auth.directory-down',
    )
    const url = (change.url ?? directory.ldapsUrl).replace('127.0.0.1', 'localhost')
    expect(await codeOf(makeLdapDirectory(options({ ...change, url })).authenticate('dana', 'dana-password'))).toBe('auth.directory-down')
  }
})

test('a certificate that its authority has revoked is refused over LDAPS and StartTLS, from the login after the list said so', async () => {
  let isRevoked = false
  const crl = () => directory.revocations(isRevoked)
  for (const change of [{}, { url: directory.ldapUrl, startTls: true }]) {
    const ldap = makeLdapDirectory(options({ ...change, crl }))
    isRevoked = false
    expect(await ldap.authenticate('dana', 'dana-password')).toMatchObject({ userName: 'dana' })
    isRevoked = true
    expect(await codeOf(ldap.authenticate('dana', 'dana-password'))).toBe('auth.directory-down')
  }
})

test('a wrong service account is the directory’s fault and never the person’s', async () => {
  const service = { ...directory.service, password: 'wrong' }
  expect(await codeOf(makeLdapDirectory(options({ service })).authenticate('dana', 'dana-password'))).toBe('auth.directory-down')
})

test('a directory that is down, or silent, is named within the deadline', async () => {
  expect(await codeOf(makeLdapDirectory(options({ url: 'ldaps://127.0.0.1:1' })).authenticate('dana', 'dana-password'))).toBe(
    'auth.directory-down',
  )
  const sockets: Socket[] = []
  const silent = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as { port: number }
  for (const [url, startTls] of [
    [`ldaps://127.0.0.1:${port}`, false],
    [`ldap://127.0.0.1:${port}`, true],
  ] as const) {
    const startedAt = performance.now()
    const work = makeLdapDirectory(options({ url, startTls, deadlineMs: 400 })).authenticate('dana', 'dana-password')
    await expect(work).rejects.toMatchObject({ code: 'auth.directory-down', message: expect.stringContaining('400 ms') })
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  }
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => silent.close(resolve))
})

test('a directory that dies and comes back serves again', async () => {
  const { authenticate } = makeLdapDirectory(options())
  await authenticate('dana', 'dana-password')
  await directory.kill()
  expect(await codeOf(authenticate('dana', 'dana-password'))).toBe('auth.directory-down')
  await directory.start()
  expect((await authenticate('dana', 'dana-password')).userName).toBe('dana')
})

test('the check goes step by step and stops at the step that fails, with its reason', async () => {
  const all = await makeLdapDirectory(options()).check({ userName: 'vera', password: 'vera-password' })
  expect(all.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
    'connect pass',
    'bind pass',
    'people pass',
    'groups pass',
    'login pass',
  ])
  expect(all[3]!.because).toBe(`cn=dbas,ou=helpdesk,ou=groups,${directory.baseDn}, comma, dbas, letters, phones, viewers`)
  const strange = await makeLdapDirectory(options({ ca: directory.strangeCa })).check()
  expect(strange.map(({ verdict }) => verdict)).toEqual(['fail', 'skipped', 'skipped', 'skipped', 'skipped'])
  expect(strange[0]!.because).toMatch(/certificate/)
  const base = await makeLdapDirectory(options({ peopleBaseDn: `ou=nowhere,${directory.baseDn}` })).check()
  expect(base.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'fail', 'skipped', 'skipped'])
})
