import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import type { Lab } from '../lab/lab'
import type { Directory } from './directory'

let lab: Lab
let close: () => Promise<void>
let directory: Directory

beforeAll(async () => {
  ;({ lab, close } = await startLab(testFleet({}, { people: true, idleHosts: ['one'] })))
  directory = lab.directory()
})
afterAll(() => close())

type Binding = { url: string; caFile?: string; dn: string; password: string; startTls?: boolean }

function search({ url, caFile, dn, password, startTls }: Binding, base: string, filter: string, attribute: string) {
  const settings = { LDAPTLS_CACERT: caFile ?? directory.caFile, LDAPTLS_REQCERT: 'demand', LDAPCONF: '/dev/null' }
  const argv = [
    'ldapsearch',
    '-x',
    '-LLL',
    ...(startTls ? ['-ZZ'] : []),
    '-H',
    url,
    '-D',
    dn,
    '-w',
    password,
    '-b',
    base,
    filter,
    attribute,
  ]
  return lab.run(argv, { env: { ...process.env, ...settings } })
}

const service = () => ({ dn: directory.bindDn, password: directory.bindPassword })
const person = (user: string) => {
  const found = directory.people.find((one) => one.user === user)
  if (!found) throw new Error(`no ${user}`)
  return { dn: `${directory.userAttribute}=${user},${directory.peopleBase}`, password: found.password }
}

test('the service account finds people and their groups over LDAPS and over StartTLS', async () => {
  for (const way of [{ url: directory.url }, { url: directory.startTlsUrl, startTls: true }]) {
    const found = await search({ ...way, ...service() }, directory.peopleBase, '(uid=dana)', 'mail')
    expect(found).toMatchObject({ code: 0, stdout: `dn: uid=dana,${directory.peopleBase}\nmail: dana@lab.test\n\n` })
    const groups = await search({ ...way, ...service() }, directory.groupBase, `(member=${person('devi').dn})`, 'cn')
    expect(groups.stdout).toBe(`dn: cn=matriarch-dev-dbas,${directory.groupBase}\ncn: matriarch-dev-dbas\n\n`)
  }
})

test('everybody logs in with the password it gives, and with no other', async () => {
  expect(directory.people.map((one) => one.user)).toEqual(['vera', 'otto', 'dana', 'ada', 'devi', 'nora'])
  for (const { user } of directory.people) {
    const { dn, password } = person(user)
    expect(await search({ url: directory.url, dn, password }, dn, '(uid=*)', 'uid')).toMatchObject({ code: 0 })
    expect(await search({ url: directory.url, dn, password: `${password}x` }, dn, '(uid=*)', 'uid')).toMatchObject({ code: 49 })
  }
})

test('a client that does not know the authority refuses the connection, and nobody reads passwords', async () => {
  const empty = lab.layout.at(`empty-${randomUUID()}`)
  writeFileSync(empty, '')
  expect((await search({ url: directory.url, caFile: empty, ...service() }, directory.baseDn, '(uid=*)', 'uid')).code).not.toBe(0)
  const asked = await search({ url: directory.url, ...service() }, directory.peopleBase, '(uid=ada)', 'userPassword')
  expect(asked.stdout).not.toContain('userPassword:')
})

test('a killed directory refuses everybody and serves the same passwords once it is started again', async () => {
  const before = person('vera')
  await lab.directoryServer.kill()
  expect(lab.directoryServer.isRunning).toBe(false)
  expect((await search({ url: directory.url, ...before }, before.dn, '(uid=*)', 'uid')).code).toBe(255)
  await lab.directoryServer.start(lab.fleet)
  expect((await search({ url: directory.url, ...before }, before.dn, '(uid=*)', 'uid')).code).toBe(0)
  await lab.directoryServer.stop()
  await lab.down()
  await lab.up(lab.fleet)
  directory = lab.directory()
  expect(person('vera')).toEqual(before)
  expect((await search({ url: directory.url, ...before }, before.dn, '(uid=*)', 'uid')).code).toBe(0)
})
