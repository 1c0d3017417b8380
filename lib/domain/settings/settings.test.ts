import { describe, expect, test } from 'vitest'
import { groupOf, usualValue } from './compare'
import { maskSetting } from './secret'
import { settingNumber, showValue, storedValue } from './value'

const mb = { type: 'integer', unit: 'MB' } as const
const pages = { type: 'integer', unit: '8kB' } as const
const ms = { type: 'integer', unit: 'ms' } as const
const real = { type: 'real', unit: 'ms' } as const
const plain = { type: 'integer', unit: null } as const

describe('values in the unit of their setting', () => {
  test.each([
    ['4096', mb, 4 * 1024 ** 3],
    ['4GB', mb, 4 * 1024 ** 3],
    ['4194304kB', mb, 4 * 1024 ** 3],
    ['16384', pages, 128 * 1024 ** 2],
    ['128 MB', pages, 128 * 1024 ** 2],
    ['-1', mb, -(1024 ** 2)],
    ['1min', ms, 60_000],
    ['0.5s', real, 500],
    ['250', plain, 250],
    ['4GB', ms, null],
    ['4gb', mb, null],
    ['much', mb, null],
    ['on', { type: 'bool', unit: null } as const, null],
  ])('%s', (text, kind, value) => {
    expect(settingNumber(text, kind)).toBe(value)
  })

  test.each([
    ['4096', mb, '4GB'],
    ['1000', mb, '1000MB'],
    ['16384', pages, '128MB'],
    ['60000', ms, '1min'],
    ['0', ms, '0'],
    ['-1', ms, '-1'],
    ['0.5', real, '500us'],
    ['on', { type: 'bool', unit: null } as const, 'on'],
  ])('%s is shown as SHOW does', (value, kind, text) => {
    expect(showValue(value, kind)).toBe(text)
  })

  test('what somebody writes is the value that pg_settings has for it', () => {
    expect(storedValue('4GB', mb)).toBe('4096')
    expect(storedValue('TRUE', { type: 'bool', unit: null })).toBe('on')
    expect(storedValue('maybe', { type: 'bool', unit: null })).toBeNull()
    expect(storedValue('Replica', { type: 'enum', unit: null })).toBe('replica')
    expect(storedValue('30s', ms)).toBe('30000')
  })
})

describe('secrets in settings', () => {
  test.each([
    ['primary_conninfo', 'host=h password=hush user=u', 'host=h password=… user=u'],
    ['primary_conninfo', "user=u password='hu sh' host=h", 'user=u password=… host=h'],
    ['primary_conninfo', 'postgresql://u:hush@h/d', 'postgresql://u:…@h/d'],
    ['archive_command', 'AWS_SECRET_ACCESS_KEY=hush wal-g wal-push %p', 'AWS_SECRET_ACCESS_KEY=… wal-g wal-push %p'],
    ['archive_command', 'pgbackrest --repo1-cipher-pass=hush archive-push %p', 'pgbackrest --repo1-cipher-pass=… archive-push %p'],
    ['archive_command', 'curl -u me:hush -T %p https://h/', 'curl -u me:… -T %p https://h/'],
    ['archive_command', "curl -H 'Authorization: Bearer abcdef123456' -T %p h", "curl -H 'Authorization: Bearer …' -T %p h"],
    ['restore_command', 'env PGPASSWORD="hu sh" get %f', 'env PGPASSWORD=… get %f'],
    ['ssl_passphrase_command', 'echo hush', '…'],
    ['my_extension.api_key', 'hush', '…'],
    ['vault.token', 'hush', '…'],
  ])('%s = %s', (name, value, shown) => {
    expect(maskSetting(name, value)).toBe(shown)
  })

  test.each([
    ['password_encryption', 'scram-sha-256'],
    ['ssl_key_file', '/etc/ssl/private/key.pem'],
    ['archive_command', 'pgbackrest --stanza=main archive-push %p'],
    ['primary_conninfo', 'host=h user=u passfile=/home/pgpass'],
    ['search_path', '"$user", public'],
    ['log_line_prefix', '%m [%p] %q%u@%d '],
  ])('%s = %s holds none and stays', (name, value) => {
    expect(maskSetting(name, value)).toBe(value)
  })
})

describe('members side by side', () => {
  const of = (...values: (string | null)[]) => values.map((value) => ({ value, isPendingRestart: false }))
  test('one that differs is a difference, but for what tells members apart by its nature', () => {
    expect(groupOf('work_mem', of('4096', '4096', '8192'))).toBe('different')
    expect(groupOf('port', of('5432', '5433'))).toBe('expected')
    expect(groupOf('work_mem', of('4096', '4096'))).toBe('same')
    expect(
      groupOf('work_mem', [
        { value: '1', isPendingRestart: true },
        { value: '1', isPendingRestart: false },
      ]),
    ).toBe('different')
  })
  test('the odd one out is odd only against a majority', () => {
    expect(usualValue(['1', '1', '2'])).toBe('1')
    expect(usualValue(['1', '2'])).toBeUndefined()
  })
})
