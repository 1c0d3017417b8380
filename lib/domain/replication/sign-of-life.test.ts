import { expect, test } from 'vitest'
import { isServersAnswer } from './sign-of-life'

const at = 'psql: error: connection to server at "10.0.0.1", port 5432 failed: '

test('whatever only a running server says is an answer, in any language and from any version of psql', () => {
  for (const said of [
    `${at}fe_sendauth: no password supplied`,
    `${at}FATAL:  password authentication failed for user "replicator"`,
    `${at}FATAL:  no pg_hba.conf entry for replication connection from host "10.0.0.2", user "replicator", no encryption`,
    `${at}FATAL:  sorry, too many clients already`,
    `${at}FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute`,
    `${at}FATAL:  number of requested standby connections exceeds max_wal_senders (currently 10)`,
    `${at}FATAL:  the database system is starting up`,
    `${at}FATAL:  the database system is in recovery mode`,
    `${at}FATAL:  role "replicator" does not exist`,
    `${at}ВАЖНО:  пользователь "replicator" не прошёл проверку подлинности`,
    `${at}server does not support SSL, but SSL was required`,
    `${at}SSL error: certificate verify failed`,
    `${at}server certificate for "db" does not match host name "10.0.0.1"`,
    'psql: error: FATAL:  password authentication failed for user "replicator"',
    'psql: fe_sendauth: no password supplied',
    `WARNING: password file "/var/lib/postgresql/.pgpass" has group or world access; permissions should be u=rw (0600) or less\n${at}fe_sendauth: no password supplied`,
  ])
    expect({ said, isAnswer: isServersAnswer(said) }).toEqual({ said, isAnswer: true })
})

test('what the network says, or the host that asks, is none', () => {
  for (const said of [
    `${at}Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?`,
    `${at}timeout expired`,
    `${at}No route to host\n\tIs the server running on that host and accepting TCP/IP connections?`,
    `${at}Network is unreachable`,
    `${at}server closed the connection unexpectedly`,
    'psql: error: could not translate host name "db.example" to address: Name or service not known',
    'psql: could not connect to server: Connection timed out',
    'WARNING: password file "/var/lib/postgresql/.pgpass" is not a plain file',
    'sh: 1: exec: psql: not found',
    '',
  ])
    expect({ said, isAnswer: isServersAnswer(said) }).toEqual({ said, isAnswer: false })
})
