import { describe, expect, test } from 'vitest'
import { holdsPassword, maskStatement } from './mask-statement'

describe('a password in a statement', () => {
  test.each([
    ["alter role app password 'hush'", "alter role app password '…'"],
    ["create user x with encrypted PASSWORD E'it\\'s hush' login", "create user x with encrypted PASSWORD E'…' login"],
    ["alter role app password $tag$hu'sh$tag$ valid until 'infinity'", "alter role app password '…' valid until 'infinity'"],
    [
      "create user mapping for a server s options (user 'u', password 'hush')",
      "create user mapping for a server s options (user 'u', password '…')",
    ],
    [
      "create subscription s connection 'host=h password=hush user=u' publication p",
      "create subscription s connection 'host=h password=… user=u' publication p",
    ],
    ["select dblink('host=h password=''hu sh'' dbname=d', 'x')", "select dblink('host=h password=… dbname=d', 'x')"],
    ["select dblink_connect('postgresql://u:hush@h/d')", "select dblink_connect('postgresql://u:…@h/d')"],
    ["select 1 from users where password = 'hush'", "select 1 from users where password = '…'"],
    ["-- don't\nalter role app password 'hush'", "-- don't\nalter role app password '…'"],
    ["/* it's */ alter role app password 'hush'", "/* it's */ alter role app password '…'"],
    ["alter role app password 'hush", "alter role app password '…'"],
  ])('%s', (sql, shown) => {
    expect(maskStatement(sql)).toBe(shown)
    expect(holdsPassword(sql)).toBe(true)
  })

  test('a SCRAM verifier is hidden from view and is no password in clear text; one of md5 is as good as one', () => {
    const scram = "alter role app password 'SCRAM-SHA-256$4096:c2FsdA==$a:b'"
    expect([maskStatement(scram), holdsPassword(scram)]).toEqual(["alter role app password '…'", false])
    expect(holdsPassword("alter role app password 'md5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'")).toBe(true)
  })

  test.each([
    'select a.password = b.password from a, b',
    "select name from pg_settings where name = 'password_encryption'",
    'alter role app password null',
    "select 'a''b', $$it's$$, E'\\''",
    'select $1, a$b$c from t',
  ])('%s holds none and stays as it is', (sql) => {
    expect([maskStatement(sql), holdsPassword(sql)]).toEqual([sql, false])
  })

  test('hostile statements of the largest size are read in one pass', () => {
    const startedAt = performance.now()
    for (const piece of ["'", '$a$ ', '$', "password ' ", 'password= ', "''password=", 'postgres://a:', '/*', "e'\\"])
      maskStatement(piece.repeat(Math.ceil(100_000 / piece.length)))
    expect(performance.now() - startedAt).toBeLessThan(3_000)
  })
})
