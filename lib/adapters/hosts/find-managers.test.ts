import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { managedByOf, managersOf } from '@/lib/domain/managers/manager'
import { findManagersScript, parseManagers } from './find-managers'

/** What Debian’s pg_createconfig_patroni writes, shortened, with passwords wherever there may be one. */
const configOf = (directory: string, api: string) => `scope: "15-shop"
namespace: "/postgresql-common/"
name: n1

etcd3:
  hosts: 10.0.0.1:2379
  username: root
  password: s3cret-etcd

restapi:
  listen: ${api}
  connect_address: ${api}
#  certfile: /etc/ssl/certs/ssl-cert-snakeoil.pem
  authentication:
    username: admin
    password: s3cret-rest

postgresql:
  data_dir: "${directory}"
  authentication:
    superuser:
      username: postgres
      password: 's3cret-super'
`

/** Any process does that has the name and the arguments; what it answers is what a Patroni 3 answers. */
const startPatroni = async (folder: string, config: string): Promise<ChildProcess> => {
  const program = join(folder, 'patroni')
  writeFileSync(program, 'import sys, time\nprint("up", flush=True)\ntime.sleep(300)\n')
  const child = spawn('python3', [program, config], { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise((resolve) => child.stdout!.once('data', resolve))
  return child
}
const answers: Record<string, unknown> = {
  '/patroni': { state: 'running', role: 'master', pause: true, patroni: { version: '3.0.2', scope: '15-shop' } },
  '/cluster': {
    members: [
      { name: 'n1', role: 'leader', state: 'running', api_url: 'x', host: '10.0.0.1', port: 5432, timeline: 2 },
      {
        name: 'n2',
        role: 'replica',
        state: 'streaming',
        host: '10.0.0.2',
        port: 5432,
        timeline: 2,
        lag: 'unknown',
        tags: { nofailover: true },
      },
    ],
  },
  '/history': [[1, 67108864, 'no recovery target specified', '2026-03-01T12:00:00+00:00', 'n1']],
}

const look = (...directories: string[]) =>
  new Promise<string>((resolve) => {
    const child = spawn('sh', ['-c', findManagersScript, 'sh', ...directories], { stdio: ['ignore', 'pipe', 'ignore'] })
    let said = ''
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString()
    })
    child.once('close', () => resolve(said))
  })

test('a running Patroni is found with its configuration and what its REST API says, by whatever path the data directory is known, and no password leaves the host', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mfm-'))
  const [directory, known] = [join(folder, 'data'), join(folder, 'known')]
  mkdirSync(directory)
  symlinkSync(directory, known)
  const rest = createServer((request, response) => {
    response.statusCode = request.url === '/patroni' ? 503 : 200
    response.end(JSON.stringify(answers[request.url!] ?? {}))
  })
  await new Promise<void>((resolve) => rest.listen(0, '127.0.0.1', resolve))
  const api = `127.0.0.1:${(rest.address() as AddressInfo).port}`
  const config = join(folder, '15-shop.yml')
  writeFileSync(config, configOf(directory, api))
  const child = await startPatroni(folder, config)
  try {
    const said = await look(known, '/var/lib/postgresql/15/other')
    expect(said).not.toContain('s3cret')
    const seen = parseManagers(said)!
    const { managers } = seen
    expect(managers.find(({ configPath }) => configPath === config)).toEqual({
      kind: 'patroni',
      state: 'running',
      dataDirectory: known,
      configPath: config,
      isReadable: true,
      cluster: '15-shop',
      member: 'n1',
      dcs: 'etcd3',
      api: `http://${api}`,
      version: '3.0.2',
      isPaused: true,
      members: [
        {
          name: 'n1',
          role: 'leader',
          state: 'running',
          host: '10.0.0.1',
          port: 5432,
          timeline: 2,
          lagBytes: null,
          hasPendingRestart: false,
          tags: {},
        },
        {
          name: 'n2',
          role: 'replica',
          state: 'streaming',
          host: '10.0.0.2',
          port: 5432,
          timeline: 2,
          lagBytes: null,
          hasPendingRestart: false,
          tags: { nofailover: 'True' },
        },
      ],
      history: [{ timeline: 1, lsn: '67108864', reason: 'no recovery target specified', at: '2026-03-01T12:00:00+00:00', leader: 'n1' }],
    })
    expect(managedByOf(seen, known)).toBe('patroni')
    // Its API is silent: it is Patroni all the same, and whether it is paused is not known.
    await new Promise((resolve) => rest.close(resolve))
    const silent = managersOf(parseManagers(await look(known))!, known)[0]!
    expect([silent.state, silent.cluster, silent.isPaused, silent.members]).toEqual(['running', '15-shop', null, []])
  } finally {
    child.kill('SIGKILL')
    rest.close()
    rmSync(folder, { recursive: true })
  }
})

test('a Patroni whose configuration cannot be read may manage every server of its host', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mfm-'))
  const config = join(folder, 'gone.yml')
  const child = await startPatroni(folder, config)
  try {
    const seen = parseManagers(await look('/var/lib/postgresql/15/any'))!
    expect(seen.managers.find(({ configPath }) => configPath === config)).toMatchObject({
      state: 'running',
      dataDirectory: null,
      isReadable: false,
    })
    expect(managedByOf(seen, '/var/lib/postgresql/15/any')).toBe('patroni')
  } finally {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
})

test('what Patroni left in a data directory is told, and manages nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mfm-'))
  try {
    writeFileSync(join(folder, 'patroni.dynamic.json'), '{}')
    const seen = parseManagers(await look(folder))!
    expect(managersOf(seen, folder)).toMatchObject([{ kind: 'patroni', state: 'trace' }])
    expect(managedByOf(seen, folder)).toBe('none')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('where processes of other users are hidden, or looking came to no end, it is not known', () => {
  expect(managedByOf(parseManagers('managers=hidden\n'), '/data')).toBe('unknown')
  expect(parseManagers('')).toBeNull()
  expect(managedByOf(null, '/data')).toBe('unknown')
})

test('what a host makes up is left out', () => {
  const lines = [
    '{',
    '{"kind":"cron","state":"running"}',
    '{"kind":"patroni","state":"odd"}',
    '[]',
    '{"kind":"patroni","state":"running","dataDirectory":"data"}',
  ]
  const seen = parseManagers(['managers=whole', ...lines.map((line) => `manager=${line}`)].join('\n'))!
  expect(seen.managers).toMatchObject([{ dataDirectory: null, members: [] }])
})

test('the agent looks for managers with the very same program', () => {
  const looks = findManagersScript.slice(0, findManagersScript.lastIndexOf('\nmanagers')).trim()
  expect(readFileSync('public/agent/matriarch-report', 'utf8')).toContain(looks)
  expect(spawnSync('sh', ['-n', 'public/agent/matriarch-report']).status).toBe(0)
})
