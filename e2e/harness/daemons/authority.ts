import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
const openssl = (folder: string, ...argv: string[]) => execFileSync('openssl', argv, { cwd: folder, stdio: 'pipe' })

/** Makes `NAME.key` and `NAME.pem` of an authority of that name. */
export const makeAuthority = (folder: string, name: string): void => {
  openssl(folder, 'req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`)
}

/** The revocation list of an authority, of one day, with these certificates of its on it. */
export const revocationList = (folder: string, authority: string, revoked: readonly string[]): string => {
  writeFileSync(join(folder, 'index.txt'), '')
  writeFileSync(
    join(folder, 'revoke.cnf'),
    `[ca]\ndefault_ca = d\n[d]\ndatabase = ${folder}/index.txt\ndefault_md = sha256\ndefault_crl_days = 1\n`,
  )
  const as = ['ca', '-config', 'revoke.cnf', '-keyfile', `${authority}.key`, '-cert', `${authority}.pem`]
  for (const name of revoked) openssl(folder, ...as, '-revoke', `${name}.pem`)
  openssl(folder, ...as, '-gencrl', '-out', `${authority}.crl`)
  return readFileSync(join(folder, `${authority}.crl`), 'utf8')
}

/** Makes `NAME.key` and `NAME.pem`, signed by that authority; `extension` as in openssl's extension files. */
export const certify = (
  folder: string,
  authority: string,
  { name, commonName, extension }: { name: string; commonName: string; extension: string },
): void => {
  openssl(folder, 'req', ...newKey, '-subj', `/CN=${commonName}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
  writeFileSync(join(folder, `${name}.ext`), extension)
  const signedBy = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial']
  openssl(folder, 'x509', '-req', '-in', `${name}.csr`, ...signedBy, '-days', '2', '-extfile', `${name}.ext`, '-out', `${name}.pem`)
}
