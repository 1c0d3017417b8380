import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
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
