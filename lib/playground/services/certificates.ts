import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from '../machine/processes'

export type Certificates = { caFile: string; certificateFile: string; keyFile: string }

/** A certificate authority of the lab's own and one server certificate for the names; made once, kept for two years. */
export async function makeCertificates(folder: string, names: { ips: string[]; dns: string[] }): Promise<Certificates> {
  const file = (name: string) => join(folder, name)
  const made: Certificates = { caFile: file('ca.pem'), certificateFile: file('server.pem'), keyFile: file('server.key') }
  if (existsSync(made.certificateFile)) return made
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const ca = [
    '-subj',
    '/CN=Matriarch lab CA',
    '-days',
    '730',
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ]
  await mustRun(['openssl', 'req', '-x509', ...key, ...ca, '-keyout', file('ca.key'), '-out', made.caFile])
  await mustRun(['openssl', 'req', '-new', ...key, '-subj', `/CN=${names.dns[0]}`, '-keyout', made.keyFile, '-out', file('server.csr')])
  const alternatives = [...names.dns.map((name) => `DNS:${name}`), ...names.ips.map((ip) => `IP:${ip}`)].join(',')
  writeFileSync(file('server.ext'), `subjectAltName=${alternatives}\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n`)
  const sign = ['-CA', made.caFile, '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '730', '-extfile', file('server.ext')]
  await mustRun(['openssl', 'x509', '-req', '-in', file('server.csr'), ...sign, '-out', `${made.certificateFile}.new`])
  await mustRun(['mv', `${made.certificateFile}.new`, made.certificateFile])
  for (const left of ['server.csr', 'server.ext']) rmSync(file(left))
  return made
}

export type MemberCertificate = { 'ca.pem': string; 'own.pem': string; 'own.key': string }

/**
 * An authority of one cluster, and a certificate for each host with which it answers and asks: etcd dials itself, so each is for both. By address alone: of names
 * Debian's python3-urllib3 wants python3-idna, which it only recommends. The text of each file, by host.
 */
export async function makeMemberCertificates(
  folder: string,
  cluster: string,
  hosts: readonly { name: string; address: string }[],
): Promise<Record<string, MemberCertificate>> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = (name: string) => join(folder, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await mustRun([
    'openssl',
    'req',
    '-x509',
    ...key,
    '-subj',
    `/CN=${cluster} CA`,
    '-days',
    '730',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  ])
  const made: Record<string, MemberCertificate> = {}
  for (const { name, address } of hosts) {
    const own = file(name)
    await mustRun(['openssl', 'req', '-new', ...key, '-subj', `/CN=${name}`, '-keyout', `${own}.key`, '-out', `${own}.csr`])
    const extension = `subjectAltName=IP:${address},IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n`
    writeFileSync(`${own}.ext`, extension)
    const sign = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '365', '-extfile', `${own}.ext`]
    await mustRun(['openssl', 'x509', '-req', '-in', `${own}.csr`, ...sign, '-out', `${own}.pem`])
    const text = (path: string) => readFileSync(path, 'utf8')
    made[name] = { 'ca.pem': text(file('ca.pem')), 'own.pem': text(`${own}.pem`), 'own.key': text(`${own}.key`) }
  }
  return made
}
