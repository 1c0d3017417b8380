import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type EnvironmentFault, environmentTable, readEnv } from './env'

const good = { DATABASE_URL: 'postgres://m@localhost/m', AUTH_SECRET: 'x'.repeat(32) }

const faultsOf = (source: Record<string, string>): string[] => {
  try {
    readEnv(source)
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

test('every variable has a meaning to print', () => {
  expect(environmentTable().filter((row) => row.meaning === '')).toEqual([])
})
