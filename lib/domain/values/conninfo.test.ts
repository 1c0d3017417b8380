import { expect, test } from 'vitest'
import { confSetting, followLines } from '../replication/conf'
import { holdsPassword, parseConninfo, writeConninfo } from './conninfo'

/** A small generator of its own (mulberry32), so that a failure can be repeated by its seed. */
const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
const awkward = ["'", '\\', ' ', '"', '=', '#', '$', '`', ';', '\t', ',', ':', '/', '@', '%', '-', '.', '0', 'a', 'Z', 'é', '象', 'n', 't']
const keys = ['host', 'port', 'user', 'application_name', 'options', 'sslmode', 'passfile', 'channel_binding']

test('whatever a value holds, it comes back whole from a connection string and from the configuration file around it', () => {
  for (let seed = 0; seed < 400; seed += 1) {
    const random = randomOf(seed)
    const value = () => Array.from({ length: random(12) }, () => awkward[random(awkward.length)]).join('')
    const conninfo = Object.fromEntries(keys.slice(0, 1 + random(keys.length)).map((key) => [key, value()]))
    expect(parseConninfo(writeConninfo(conninfo)), `seed ${seed}`).toEqual(conninfo)
    const lines = followLines({ conninfo, slotName: 'n2' }).join('\n')
    expect(parseConninfo(confSetting(lines, 'primary_conninfo')!), `seed ${seed}`).toEqual(conninfo)
    expect(confSetting(lines, 'primary_slot_name')).toBe('n2')
  }
})

test('blanks, quotes and backslashes are read as libpq reads them', () => {
  expect(parseConninfo(`host='o\\'neil' port = 5432 user=r\\ x options=a'b`)).toEqual({
    host: "o'neil",
    port: '5432',
    user: 'r x',
    options: "a'b",
  })
})

test('a URI says the same as keywords', () => {
  expect(parseConninfo('postgresql://repl%40x@[2001:db8::1]:6000/postgres?sslmode=require&application_name=n%202')).toEqual({
    user: 'repl@x',
    host: '2001:db8::1',
    port: '6000',
    dbname: 'postgres',
    sslmode: 'require',
    application_name: 'n 2',
  })
  expect(parseConninfo('postgres://a,b:5433')).toEqual({ host: 'a,b', port: ',5433' })
  expect(parseConninfo('postgresql://')).toEqual({})
})

test('a password is seen wherever it stands, and never given back', () => {
  for (const text of [
    'host=a password=hush',
    "password = 'hu sh'",
    'postgres://u:hush@a/',
    'postgres://a/?password=hush',
    'sslpassword=hush',
  ]) {
    expect(holdsPassword(text), text).toBe(true)
    expect(JSON.stringify(parseConninfo(text)), text).not.toContain('hu')
  }
  for (const text of ['host=a passfile=/p', 'require_auth=password host=a', 'application_name=password', "password=''", 'postgres://u@a'])
    expect(holdsPassword(text), text).toBe(false)
})

test('what cannot stand in the file is refused: line ends and odd keywords', () => {
  expect(() => writeConninfo({ host: 'a\nb' })).toThrow(RangeError)
  expect(() => writeConninfo({ 'host=x user': 'b' })).toThrow(RangeError)
})
