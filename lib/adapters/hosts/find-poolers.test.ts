import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findPoolersScript, parseFoundPooler } from './find-poolers'

const ini = `;; comment with password=secret
[databases]
shop = host=10.0.0.1 port=5433 user=app password='se cret' dbname=shop
"odd name" = host='db-1.example.org'
local =
# [pgbouncer]
[pgbouncer]
listen_port = 6500
unix_socket_dir = /run/pgbouncer
 pool_mode=transaction
auth_type = scram-sha-256
auth_file = /etc/pgbouncer/userlist.txt
`

test('a running PgBouncer is found with what its file says, and nothing of a password or a user leaves the host', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mfp-'))
  // Any program of that name does: it is found by its process, and read from its file.
  const program = join(folder, 'pgbouncer')
  copyFileSync('/usr/bin/tail', program)
  spawnSync('chmod', ['755', program])
  const config = join(folder, 'pgbouncer.ini')
  writeFileSync(config, ini)
  const child = spawn(program, ['-f', config], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const { stdout } = spawnSync('sh', ['-c', findPoolersScript], { encoding: 'utf8' })
    const line = stdout.split('\n').find((one) => one.includes(config))!
    expect(line).not.toMatch(/secret|se cret|app|userlist/)
    expect(parseFoundPooler(line.slice('pooler='.length))).toEqual({
      configPath: config,
      isReadable: true,
      port: 6500,
      socketDirectory: '/run/pgbouncer',
      poolMode: 'transaction',
      authType: 'scram-sha-256',
      databases: [
        { name: 'shop', host: '10.0.0.1', port: 5433 },
        { name: 'odd name', host: 'db-1.example.org', port: 5432 },
        { name: 'local', host: null, port: 5432 },
      ],
    })
  } finally {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
})

test('the agent looks for poolers with the very same program', () => {
  const looks = findPoolersScript.slice(0, findPoolersScript.lastIndexOf('\npoolers')).trim()
  expect(readFileSync('public/agent/matriarch-report', 'utf8')).toContain(looks)
})

test('what is no JSON, no absolute path or no port is no pooler', () => {
  expect(parseFoundPooler('{')).toBeNull()
  expect(parseFoundPooler('{"configPath":"etc","port":6432}')).toBeNull()
  expect(parseFoundPooler('{"configPath":"/etc/p.ini","port":70000}')).toBeNull()
  expect(parseFoundPooler('{"configPath":"/etc/p.ini","port":6432,"databases":[{"name":"a","port":0}]}')).toMatchObject({
    socketDirectory: null,
    databases: [],
  })
})
