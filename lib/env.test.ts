import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type EnvironmentFault, environmentTable, readEnv, readEnvOf } from './env'

const good = { DATABASE_URL: 'postgres://m@localhost/m', AUTH_SECRET: 'x'.repeat(32) }

const faultsOf = (source: Record<string, string>, kind?: 'web' | 'worker'): string[] => {
  try {
    if (kind) readEnvOf(kind, source)
    else readEnv(source)
  } catch (error) {
    return (error as EnvironmentFault).faults
  }
  return []
}

test('a configuration with several faults names every one of them at once', () => {
  const faults = faultsOf({ AUTH_SECRET: 'short', REDIS_URL: 'localhost', WORKER_CONCURRENCY: 'many' })
  expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual(['AUTH_SECRET', 'DATABASE_URL', 'REDIS_URL', 'WORKER_CONCURRENCY'])
  expect(faults.find((fault) => fault.startsWith('DATABASE_URL'))).toContain('is not set')
})

test('a directory whose passwords would travel in the clear is refused', () => {
  expect(faultsOf({ ...good, LDAP_URL: 'ldap://dir', LDAP_BASE_DN: 'dc=x' })[0]).toContain('LDAP_STARTTLS=true')
})

test('a secret can be given through a file, and a file that cannot be read is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'env-'))
  try {
    writeFileSync(join(folder, 'secret'), `${'s'.repeat(40)}\n`)
    const { AUTH_SECRET: _, ...rest } = good
    expect(readEnv({ ...rest, AUTH_SECRET_FILE: join(folder, 'secret') }).AUTH_SECRET).toBe('s'.repeat(40))
    expect(faultsOf({ ...rest, AUTH_SECRET_FILE: join(folder, 'absent') }).some((fault) => fault.startsWith('AUTH_SECRET_FILE'))).toBe(true)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

const strong = 'Vq0/8mX2nRk5tJz7Lw9bYc3dHf6gPs1aUe4oIi+T'

test('a web process does not start with a secret that can be guessed, or with none; a worker needs none', () => {
  const { AUTH_SECRET: _, ...rest } = good
  for (const weak of ['x'.repeat(40), 'changeme'.repeat(5), '0123456789abcdef'.repeat(2), '12'.repeat(20)])
    expect(faultsOf({ ...rest, AUTH_SECRET: weak }, 'web')[0], weak).toMatch(/^AUTH_SECRET: can be guessed/)
  expect(faultsOf(rest, 'web')[0]).toMatch(/^AUTH_SECRET: is not set/)
  expect(faultsOf({ ...rest, AUTH_SECRET: strong }, 'web')).toEqual([])
  expect(faultsOf(rest, 'worker')).toEqual([])
})

test('behind https a web process is told how many proxies there are, so that strangers do not share one count of failed logins', () => {
  const behind = { ...good, AUTH_SECRET: strong, MATRIARCH_URL: 'https://console.example.org' }
  expect(faultsOf(behind, 'web')[0]).toMatch(/^TRUSTED_PROXIES: is needed/)
  for (const TRUSTED_PROXIES of ['0', '1']) expect(faultsOf({ ...behind, TRUSTED_PROXIES }, 'web')).toEqual([])
})

test('nothing goes to another machine in the clear unless somebody said that nobody else is there', () => {
  const far = { ...good, DATABASE_URL: 'postgres://m:secret@db.example.org/m', REDIS_URL: 'redis://cache.example.org' }
  for (const kind of ['web', 'worker'] as const) {
    const own = { AUTH_SECRET: strong }
    expect(faultsOf({ ...far, ...own }, kind).map((fault) => fault.split(':')[0])).toEqual(['DATABASE_URL', 'REDIS_URL'])
    expect(faultsOf({ ...far, ...own, DATABASE_URL: `${far.DATABASE_URL}?sslmode=require` }, kind)[0]).toMatch(/^DATABASE_URL/)
    expect(
      faultsOf({ ...far, ...own, DATABASE_URL: `${far.DATABASE_URL}?sslmode=verify-full`, REDIS_URL: 'rediss://cache.example.org' }, kind),
    ).toEqual([])
    expect(faultsOf({ ...far, ...own, PLAIN_NETWORK: 'true' }, kind)).toEqual([])
    for (const DATABASE_URL of ['postgres://m@127.0.0.1/m', 'postgres://m@[::1]/m', 'postgresql://m@/m?host=%2Frun%2Fpostgresql'])
      expect(faultsOf({ ...good, ...own, DATABASE_URL }, kind), DATABASE_URL).toEqual([])
  }
})

test('every variable has a meaning to print', () => {
  expect(environmentTable().filter((row) => row.meaning === '')).toEqual([])
})
