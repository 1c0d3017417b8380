import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port'
import { certify, makeAuthority, revocationList } from './authority'

export interface TestDirectory {
  ldapsUrl: string
  /** Plain port, for StartTLS. */
  ldapUrl: string
  /** PEM of the authority that signed its certificate. */
  ca: string
  /** Its revocation list, with the server's certificate on it or without. */
  revocations: (isRevoked: boolean) => string
  /** PEM of an authority that signed nothing. */
  strangeCa: string
  baseDn: string
  service: { dn: string; password: string }
  /** Ends the server and keeps its data; `start` brings it back on the same ports. */
  kill: () => Promise<void>
  /** Changes entries as an administrator of the directory would, by LDIF; the server is away meanwhile. */
  change: (ldif: string) => Promise<void>
  start: () => Promise<void>
  stop: () => Promise<void>
}

const baseDn = 'dc=example,dc=org'
const service = { dn: `cn=console,${baseDn}`, password: 'console-secret' }

const person = (uid: string, cn: string, password: string) => `
dn: uid=${uid},ou=people,${baseDn}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${cn}
sn: ${cn}
mail: ${uid}@example.org
userPassword: ${password}
`

/** Somebody whose distinguished name, cut off at an escaped sign, would be another one. */
const signed = (ou: string, uid: string) => `
dn: uid=dana\\+${uid},ou=${ou},${baseDn}
objectClass: inetOrgPerson
uid: dana+${uid}
uid: ${uid}
cn: ${uid}
sn: ${uid}
userPassword: ${uid}-password
`

/** An account that its directory no longer lets in, by what says so. */
const leaver = (uid: string, mark: string) => `${person(uid, uid, `${uid}-password`).trimEnd()}
objectClass: testAccount
${mark}
`

const group = (cn: string, ...members: string[]) => `
dn: cn=${cn},ou=groups,${baseDn}
objectClass: groupOfNames
cn: ${cn}
${members.map((uid) => `member: uid=${uid},ou=people,${baseDn}`).join('\n')}
`

const seed = `
dn: ${baseDn}
objectClass: domain
dc: example

dn: ou=people,${baseDn}
objectClass: organizationalUnit
ou: people

dn: ou=groups,${baseDn}
objectClass: organizationalUnit
ou: groups

dn: ${service.dn}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: console
userPassword: ${service.password}
${person('vera', 'Vera Viewer', 'vera-password')}
${person('dana', 'Dana Dba', 'dana-password')}
${leaver('locked', 'pwdAccountLockedTime: 000001010000Z')}
${leaver('resting', 'pwdAccountLockedTime: 20260101000000Z')}
${leaver('nslocked', 'nsAccountLock: TRUE')}
${leaver('disabled', 'userAccountControl: 514')}
${leaver('normal', 'userAccountControl: 512')}
${person('mary ann', 'Mary Ann', 'mary-password')}
${person('o*(b)', 'Odd Name', 'odd-password')}
dn: cn=Doe\\, John \\+ Co,ou=people,${baseDn}
objectClass: inetOrgPerson
cn: Doe, John + Co
sn: Doe
uid: jdoe
userPassword: jdoe-password

dn:: ${Buffer.from(`uid=zoë,ou=people,${baseDn}`).toString('base64')}
objectClass: inetOrgPerson
uid:: ${Buffer.from('zoë').toString('base64')}
cn:: ${Buffer.from('Zoë Ünlü').toString('base64')}
sn: Unlu
userPassword: zoe-password
${group('Viewers', 'vera', 'dana', 'resting', 'normal')}
${group('dbas', 'dana')}
dn: cn=comma,ou=groups,${baseDn}
objectClass: groupOfNames
cn: comma
member: cn=Doe\\, John \\+ Co,ou=people,${baseDn}

dn: ou=helpdesk,ou=groups,${baseDn}
objectClass: organizationalUnit
ou: helpdesk

dn: cn=dbas,ou=helpdesk,ou=groups,${baseDn}
objectClass: groupOfNames
cn: dbas
member: uid=vera,ou=people,${baseDn}

dn: cn=phones,ou=groups,${baseDn}
objectClass: groupOfNames
cn: phones
cn: dbas
member: uid=vera,ou=people,${baseDn}

dn: uid=dbas,ou=groups,${baseDn}
objectClass: inetOrgPerson
objectClass: testAccount
uid: dbas
cn: dbas
sn: dbas
memberUid: vera

dn: ou=people\\+staff,${baseDn}
objectClass: organizationalUnit
ou: people+staff

dn: ou=\\ ends\\\\in\\ ,${baseDn}
objectClass: organizationalUnit
ou:: ${Buffer.from(' ends\\in ').toString('base64')}
${signed('people\\+staff', 'signs0')}${signed('\\ ends\\\\in\\ ', 'signs1')}
dn: cn=letters,ou=groups,${baseDn}
objectClass: groupOfNames
cn: letters
member:: ${Buffer.from(`uid=zoë,ou=people,${baseDn}`).toString('base64')}
`

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true) === undefined && socket.destroy())
    socket.once('error', () => resolve(false))
  })

const makeCertificates = (folder: string): void => {
  makeAuthority(folder, 'ca')
  makeAuthority(folder, 'strange')
  const extension = 'subjectAltName=IP:127.0.0.1,DNS:directory.example.org\n'
  certify(folder, 'ca', { name: 'server', commonName: 'directory', extension })
}

/** A real slapd in a temporary folder: LDAPS and StartTLS, an account that may search, people with plain and odd names, groups. */
export const startDirectory = async (): Promise<TestDirectory> => {
  const folder = mkdtempSync(join(tmpdir(), 'mdir-'))
  makeCertificates(folder)
  mkdirSync(join(folder, 'db'))
  const [plain, secure] = [await freePort(), await freePort()]
  const schemas = ['core', 'cosine', 'inetorgperson', 'nis'].map((name) => `include /etc/ldap/schema/${name}.schema`).join('\n')
  writeFileSync(
    join(folder, 'slapd.conf'),
    `${schemas}
attributetype ( 1.3.6.1.4.1.4203.666.1.1 NAME 'nsAccountLock' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.1.2 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.1.3 NAME 'testAccount' SUP top AUXILIARY MAY ( nsAccountLock $ userAccountControl $ memberUid ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
TLSCACertificateFile ${folder}/ca.pem
TLSCertificateFile ${folder}/server.pem
TLSCertificateKeyFile ${folder}/server.key
database mdb
suffix "${baseDn}"
directory ${folder}/db
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${service.dn}" read by * none
overlay ppolicy
`,
  )
  writeFileSync(join(folder, 'seed.ldif'), seed.replace(/\n{3,}/g, '\n\n'))
  execFileSync('/usr/sbin/slapadd', ['-f', 'slapd.conf', '-l', 'seed.ldif'], { cwd: folder, stdio: 'pipe' })

  let child: ChildProcess | null = null
  const start = async () => {
    const urls = `ldap://127.0.0.1:${plain} ldaps://127.0.0.1:${secure}`
    child = spawn('/usr/sbin/slapd', ['-d', '0', '-f', 'slapd.conf', '-h', urls], { cwd: folder, stdio: 'ignore' })
    const deadline = Date.now() + 20_000
    while (!((await answers(plain)) && (await answers(secure)))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error('slapd did not start')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const kill = async () => {
    const dying = child
    child = null
    if (!dying || dying.exitCode !== null) return
    await new Promise((resolve) => {
      dying.once('exit', resolve)
      dying.kill('SIGKILL')
    })
  }
  await start()
  return {
    ldapsUrl: `ldaps://127.0.0.1:${secure}`,
    ldapUrl: `ldap://127.0.0.1:${plain}`,
    ca: readFileSync(join(folder, 'ca.pem'), 'utf8'),
    revocations: (isRevoked) => revocationList(folder, 'ca', isRevoked ? ['server'] : []),
    strangeCa: readFileSync(join(folder, 'strange.pem'), 'utf8'),
    baseDn,
    service,
    kill,
    change: async (ldif) => {
      await kill()
      execFileSync('/usr/sbin/slapmodify', ['-f', 'slapd.conf'], { cwd: folder, stdio: 'pipe', input: ldif })
      await start()
    },
    start,
    stop: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
