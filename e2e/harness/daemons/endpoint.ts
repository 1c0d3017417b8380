import { randomInt } from 'node:crypto'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { certify, makeAuthority } from './authority'
import { startPostgres } from './postgres'
import { testAccount } from './sshd'

/** A server that is reached over TLS alone, with a certificate for its own loopback address at the usual port. */
export interface TestEndpoint {
  address: string
  user: string
  password: string
  /** PEM of the authority that signed its certificate, and of one that did not. */
  ca: string
  otherCa: string
  stop: () => Promise<void>
}

export const startEndpoint = async (): Promise<TestEndpoint> => {
  const [user, password] = ['watcher', 'sent over TLS alone']
  const address = `127.77.${randomInt(1, 250)}.${randomInt(1, 250)}`
  const folder = mkdtempSync(join(tmpdir(), 'endpoint-'))
  chmodSync(folder, 0o755)
  for (const name of ['rds', 'other']) makeAuthority(folder, name)
  certify(folder, 'rds', { name: 'server', commonName: 'shop-db', extension: `subjectAltName=IP:${address}` })
  writeFileSync(join(folder, 'hba'), 'local all all trust\nhostssl all all 127.0.0.0/8 scram-sha-256\n')
  const { uid, gid } = await testAccount()
  for (const name of ['server.key', 'server.pem', 'hba']) {
    chmodSync(join(folder, name), 0o600)
    chownSync(join(folder, name), uid, gid)
  }
  const server = await startPostgres({
    ...{ listen_addresses: address, ssl: 'on', hba_file: join(folder, 'hba') },
    ...{ ssl_cert_file: join(folder, 'server.pem'), ssl_key_file: join(folder, 'server.key') },
  })
  const client = new pg.Client({ connectionString: server.connectionString })
  await client.connect()
  await client.query(`create role ${user} login password '${password}'; grant pg_monitor to ${user}`)
  await client.end()
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return {
    ...{ address, user, password, ca: read('rds.pem'), otherCa: read('other.pem') },
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
