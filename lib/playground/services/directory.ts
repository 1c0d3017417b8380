import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Fleet, FleetGroup, FleetPerson } from '../fleet/fleet'
import { consoleAddress, type Layout } from '../machine/layout'
import { mustRun } from '../machine/processes'
import { commandEnvironment, findProgram } from '../machine/programs.mjs'
import { newPassword, readSecrets, writeSecrets } from '../machine/secrets'
import type { Services } from '../machine/services'
import type { Supervisor } from '../machine/supervisor'
import { makeCertificates } from './certificates'

/** Everything the console needs to log people in through the lab's directory. Reachable inside the lab only. */
export type Directory = {
  /** LDAPS. The certificate is good for the address in it. */
  url: string
  /** Plain LDAP, to be raised with StartTLS. */
  startTlsUrl: string
  caFile: string
  bindDn: string
  bindPassword: string
  baseDn: string
  peopleBase: string
  /** The attribute that holds the login name. */
  userAttribute: string
  groupBase: string
  /** groupOfNames: `member` holds the people's DNs. */
  groupMemberAttribute: string
  groups: FleetGroup[]
  people: { user: string; fullName: string; password: string; groups: string[] }[]
}

const baseDn = 'dc=lab,dc=test'
const rootDn = `cn=root,${baseDn}`
const bindDn = `cn=matriarch,ou=services,${baseDn}`

/** A real slapd with LDAPS and StartTLS, the people and the groups of the fleet. */
export class DirectoryServer {
  constructor(
    private readonly layout: Layout,
    private readonly supervisor: Supervisor,
    private readonly services: Services,
  ) {}

  private at(...parts: string[]): string {
    return this.layout.at('directory', ...parts)
  }

  describe(fleet: Fleet): Directory {
    const secrets = readSecrets(this.layout)
    return {
      url: `ldaps://${consoleAddress}:636`,
      startTlsUrl: `ldap://${consoleAddress}:389`,
      caFile: this.at('tls', 'ca.pem'),
      bindDn,
      bindPassword: secrets.directoryService,
      baseDn,
      peopleBase: `ou=people,${baseDn}`,
      userAttribute: 'uid',
      groupBase: `ou=groups,${baseDn}`,
      groupMemberAttribute: 'member',
      groups: fleet.groups,
      people: fleet.people.map((person) => ({ ...person, password: secrets.people[person.user] ?? '' })),
    }
  }

  /** Starts it with the data it has; when the fleet's people or groups are new, with those. */
  async start(fleet: Fleet): Promise<void> {
    await makeCertificates(this.at('tls'), { ips: [consoleAddress, '127.0.0.1'], dns: ['ldap.lab.test', 'localhost'] })
    this.ensurePasswords(fleet)
    const wanted = JSON.stringify([fleet.people, fleet.groups])
    const isSeeded = existsSync(this.at('seeded')) && readFileSync(this.at('seeded'), 'utf8') === wanted
    if (!isSeeded) await this.seed(fleet, wanted)
    const listen = `ldap://${consoleAddress}:389 ldap://127.0.0.1:389 ldaps://${consoleAddress}:636 ldaps://127.0.0.1:636`
    await this.services.start('slapd', [this.slapd(), '-d', '0', '-f', this.at('slapd.conf'), '-h', listen], () => this.answers())
  }

  stop(): Promise<void> {
    return this.services.stop('slapd')
  }

  kill(): Promise<void> {
    return this.services.stop('slapd', 'SIGKILL')
  }

  get isRunning(): boolean {
    return this.services.mark('slapd') !== undefined
  }

  private async answers(): Promise<boolean> {
    const mustConnect = `exec 3<>/dev/tcp/${consoleAddress}/636`
    return mustRun(this.supervisor.adminArgv(['bash', '-c', mustConnect]), { env: commandEnvironment(), timeoutMs: 5_000 }).then(
      () => true,
      () => false,
    )
  }

  /** AppArmor profiles go by path, and the distribution's would forbid a slapd in this folder: a copy has none. */
  private slapd(): string {
    const original = findProgram('slapd') ?? '/usr/sbin/slapd'
    if (!existsSync('/etc/apparmor.d/usr.sbin.slapd')) return original
    if (!existsSync(this.at('slapd'))) {
      copyFileSync(original, this.at('slapd'))
      chmodSync(this.at('slapd'), 0o755)
    }
    return this.at('slapd')
  }

  private ensurePasswords(fleet: Fleet): void {
    const secrets = readSecrets(this.layout)
    for (const { user } of fleet.people) secrets.people[user] ??= newPassword()
    writeSecrets(this.layout, secrets)
  }

  private async seed(fleet: Fleet, mark: string): Promise<void> {
    rmSync(this.at('db'), { recursive: true, force: true })
    mkdirSync(this.at('db'), { recursive: true, mode: 0o700 })
    writeFileSync(this.at('slapd.conf'), this.configuration(), { mode: 0o600 })
    // slapd itself is slapadd when asked with -T: no second program, and no second AppArmor profile.
    await mustRun([this.slapd(), '-T', 'add', '-f', this.at('slapd.conf')], { input: this.entries(fleet), env: commandEnvironment() })
    writeFileSync(this.at('seeded'), mark)
  }

  private configuration(): string {
    const schemas = ['core', 'cosine', 'inetorgperson', 'nis'].map((name) => `include /etc/ldap/schema/${name}.schema`)
    return `${schemas.join('\n')}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${this.at('slapd.pid')}
TLSCACertificateFile ${this.at('tls', 'ca.pem')}
TLSCertificateFile ${this.at('tls', 'server.pem')}
TLSCertificateKeyFile ${this.at('tls', 'server.key')}
database mdb
suffix "${baseDn}"
rootdn "${rootDn}"
directory ${this.at('db')}
index objectClass,uid,member eq
access to attrs=userPassword by anonymous auth by self write by * none
access to * by dn.exact="${bindDn}" read by users read by * none
`
  }

  private entries(fleet: Fleet): string {
    const secrets = readSecrets(this.layout)
    const entry = (dn: string, lines: string[]) => [`dn: ${dn}`, ...lines, '', ''].join('\n')
    const unit = (name: string) => entry(`ou=${name},${baseDn}`, ['objectClass: organizationalUnit', `ou: ${name}`])
    const personDn = (user: string) => `uid=${user},ou=people,${baseDn}`
    const person = ({ user, fullName }: FleetPerson) =>
      entry(personDn(user), [
        'objectClass: inetOrgPerson',
        `uid: ${user}`,
        `cn: ${fullName}`,
        `sn: ${fullName.split(' ').at(-1)}`,
        `mail: ${user}@lab.test`,
        `userPassword: ${hashed(secrets.people[user] ?? '')}`,
      ])
    const group = ({ name }: FleetGroup) => {
      const members = fleet.people.filter((one) => one.groups.includes(name)).map((one) => `member: ${personDn(one.user)}`)
      // A groupOfNames may not be empty.
      return entry(`cn=${name},ou=groups,${baseDn}`, [
        'objectClass: groupOfNames',
        `cn: ${name}`,
        ...(members.length > 0 ? members : [`member: ${rootDn}`]),
      ])
    }
    return [
      entry(baseDn, ['objectClass: dcObject', 'objectClass: organization', 'o: Matriarch lab', 'dc: lab']),
      ...['people', 'groups', 'services'].map(unit),
      entry(bindDn, [
        'objectClass: organizationalRole',
        'objectClass: simpleSecurityObject',
        'cn: matriarch',
        `userPassword: ${hashed(secrets.directoryService)}`,
      ]),
      ...fleet.people.map(person),
      ...fleet.groups.map(group),
    ].join('')
  }
}

function hashed(password: string): string {
  const salt = randomBytes(8)
  const digest = createHash('sha1').update(password).update(salt).digest()
  return `{SSHA}${Buffer.concat([digest, salt]).toString('base64')}`
}
