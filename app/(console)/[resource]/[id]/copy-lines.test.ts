import { expect, test } from 'vitest'
import { instanceLines, launchedLines, serverLines } from './copy-lines'

const server = { hostname: 'db1.example.org', address: '2001:db8::1', sshPort: 2222, sshUser: 'postgres' }

test('an instance gives host, DSN without a password, psql, ssh and its LSN', () => {
  const lines = instanceLines({ port: 5433, dataDirectory: '/var/lib/pg', currentLsn: null, replayedLsn: '0/3000148' }, server)
  expect(Object.fromEntries(lines.map(({ label, text }) => [label, text]))).toEqual({
    Host: 'db1.example.org',
    DSN: 'postgresql://[2001:db8::1]:5433/postgres',
    psql: 'psql --host 2001:db8::1 --port 5433 --dbname postgres',
    ssh: 'ssh -p 2222 postgres@2001:db8::1',
    'Data directory': '/var/lib/pg',
    LSN: '0/3000148',
  })
})

test('a host that may not be seen gives no line that names it', () => {
  expect(instanceLines({ port: 5432, dataDirectory: '/d', currentLsn: '0/1', replayedLsn: null }, null).map(({ label }) => label)).toEqual([
    'Data directory',
    'LSN',
  ])
})

test('a name that a shell would take apart is quoted', () => {
  expect(
    serverLines({ hostname: 'h', address: 'a b;rm', sshPort: 22, sshUser: 'postgres' }).find(({ label }) => label === 'ssh')?.text,
  ).toBe("ssh 'postgres@a b;rm'")
})

test('a launched herd gives one address with all its members, which finds the primary wherever it is', () => {
  const hosts = [
    { address: '10.0.0.1', port: 5432 },
    { address: '2001:db8::2', port: 5432 },
  ]
  const [dsn, psql] = launchedLines({ user: 'app', database: 'app', hosts })
  expect(dsn!.text).toBe('postgresql://app@10.0.0.1:5432,[2001:db8::2]:5432/app?sslmode=require&target_session_attrs=read-write')
  expect(psql!.text).toBe(`psql '${dsn!.text}'`)
  expect(launchedLines(null)).toEqual([])
})
