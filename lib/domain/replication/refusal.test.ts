import { expect, test } from 'vitest'
import { refusalText } from './refusal'

const asked = {
  upstream: 'shop on a',
  host: 'b',
  conninfo: { host: '198.18.0.1', port: '5433', user: 'replicator', passfile: '/var/lib/postgresql/.pgpass' },
}
const failed = 'psql: error: connection to server at "198.18.0.1", port 5433 failed:'

test.each([
  [
    `${failed} FATAL:  no pg_hba.conf entry for replication connection from host "198.18.0.2", user "replicator", no encryption`,
    'Add the line “host replication replicator 198.18.0.2/32 scram-sha-256” to pg_hba.conf of shop on a, and reload it.',
  ],
  [
    `${failed} FATAL:  no pg_hba.conf entry for replication connection from host "fd00::2", user "replicator"`,
    'replicator fd00::2/128 scram',
  ],
  [
    `${failed} FATAL:  pg_hba.conf rejects replication connection for host "198.18.0.2", user "replicator", no encryption`,
    'put “host replication replicator 198.18.0.2/32 scram-sha-256” above that line',
  ],
  [
    `${failed} fe_sendauth: no password supplied`,
    'Put the line “198.18.0.1:5433:replication:replicator:PASSWORD” into /var/lib/postgresql/.pgpass',
  ],
  [`${failed} FATAL:  password authentication failed for user "replicator"`, 'is not the one on shop on a: correct it.'],
  [`${failed} FATAL:  role "replicator" does not exist`, 'Create the role replicator with login and replication on shop on a.'],
  [`${failed} FATAL:  must be superuser or replication role to start walsender`, 'Run “alter role replicator replication” on shop on a.'],
  [`${failed} FATAL:  permission denied to start WAL sender`, 'Run “alter role replicator replication” on shop on a.'],
  [
    `${failed} FATAL:  number of requested standby connections exceeds max_wal_senders (currently 2)`,
    'All WAL senders of shop on a are taken',
  ],
  [`${failed} FATAL:  sorry, too many clients already`, 'raise max_connections'],
  [`${failed} Connection refused`, 'Nothing listens on 198.18.0.1:5433 for b'],
  [`${failed} timeout expired`, 'Open the network path from b to 198.18.0.1:5433'],
  ['psql: error: could not translate host name "gone" to address: Name or service not known', 'b cannot resolve'],
  [`${failed} server does not support SSL, but SSL was required`, 'Correct sslmode'],
  [`${failed} something else`, 'Correct pg_hba.conf of shop on a, or /var/lib/postgresql/.pgpass of b, first.'],
])('what the server says is kept, and followed by what to do: %s', (because, fix) => {
  const text = refusalText(because, asked)
  expect(text).toContain(fix)
  expect(text).toContain(because.slice('psql: error: '.length))
  expect(text).toMatch(/^shop on a does not let it replicate: /)
})
