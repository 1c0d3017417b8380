import { expect, test } from 'vitest'
import { configChanges, editLine, editTo, keptConfig, shownValue } from './config-history'
import { type ConfigObject, configAt, parseEdits, patchOf } from './patroni-config'

const old: ConfigObject = {
  ttl: 30,
  loop_wait: 10,
  postgresql: { use_slots: true, parameters: { work_mem: '4MB', max_connections: 100, log_min_messages: 'warning' } },
}
const now: ConfigObject = {
  loop_wait: 10,
  ttl: 45,
  pause: true,
  postgresql: {
    parameters: { max_connections: 100, work_mem: '16MB', wal_keep_size: '100' },
    use_slots: true,
    pg_hba: ['local all all peer'],
  },
}

test('two configurations differ by setting, whatever the order of their keys', () => {
  expect(configChanges(old, now)).toEqual([
    { name: 'pause', from: null, to: true },
    { name: 'postgresql.parameters.log_min_messages', from: 'warning', to: null },
    { name: 'postgresql.parameters.wal_keep_size', from: null, to: '100' },
    { name: 'postgresql.parameters.work_mem', from: '4MB', to: '16MB' },
    { name: 'postgresql.pg_hba', from: null, to: ['local all all peer'] },
    { name: 'ttl', from: 30, to: 45 },
  ])
  expect(configChanges(old, { ...old })).toEqual([])
})

test('the edit back, applied as Patroni merges it, gives the old configuration; a pause is not ended by it', () => {
  const { settings, left } = editTo(now, old)
  expect(left).toEqual(['pause'])
  const { edits, problems } = parseEdits(settings)
  expect(problems).toEqual([])
  const patch = patchOf(now, edits)
  expect(patch).toEqual({
    ttl: 30,
    postgresql: { pg_hba: null, parameters: { log_min_messages: 'warning', wal_keep_size: null, work_mem: '4MB' } },
  })
  expect(editTo(old, old)).toEqual({ settings: '', left: [] })
})

test('a value is read back as what it was: a text of digits stays a text', () => {
  for (const value of [
    '100',
    'true',
    'null',
    '4MB',
    "'$user', public",
    '',
    ' a',
    'two\nlines',
    '"quoted"',
    7,
    false,
    ['a', 'b'],
    { a: 1 },
  ]) {
    const name = typeof value === 'object' ? 'slots' : 'postgresql.parameters.application_name'
    const { edits, problems } = parseEdits(editLine(name, value))
    expect([problems, edits[0]?.value]).toEqual([[], value])
  }
})

test('passwords are hidden before a configuration is kept, and what hides one is not rolled back', () => {
  const secret = keptConfig({
    standby_cluster: { password: 'hunter2', host: 'a' },
    postgresql: {
      pg_hba: ['host all all all ldap ldapserver=x ldapbindpasswd="hunter2"', 'local all all peer'],
      parameters: {
        password_encryption: 'scram-sha-256',
        archive_command: 'AWS_SECRET_ACCESS_KEY=hunter2 wal-g push %p',
        primary_conninfo: "host=a password='hunter2'",
        restore_command: 'curl https://me:hunter2@store/%f',
      },
    },
  })!
  expect(JSON.stringify(secret)).not.toContain('hunter2')
  expect(configAt(secret, ['postgresql', 'parameters', 'password_encryption'])).toBe('scram-sha-256')
  expect(configAt(secret, ['postgresql', 'pg_hba'])).toEqual(['host all all all ldap ldapserver=x ldapbindpasswd=…', 'local all all peer'])
  expect(editTo({}, secret).left).toContain('postgresql.pg_hba')
  expect(editTo({}, secret).settings).toBe('postgresql.parameters.password_encryption = scram-sha-256')
  expect(keptConfig(['no'])).toBeNull()
  expect(shownValue('postgresql.parameters.ssl_passphrase_command', 'echo hunter2')).toBe('…')
  expect(shownValue('postgresql.parameters.password_encryption', 'md5')).toBe('md5')
})
