import { expect, test } from 'vitest'
import { followLines, recoveryConf, writeConninfo } from './replication-conf'

test('values with blanks, quotes and backslashes stay whole in a connection string, and in the file around it', () => {
  const conninfo = { host: '10.0.0.1', user: 'repl user', options: "-c a='b\\c'" }
  expect(writeConninfo(conninfo)).toBe(`host=10.0.0.1 user='repl user' options='-c a=\\'b\\\\c\\''`)
  expect(followLines({ conninfo: { host: 'db1', user: 'repl user' }, slotName: 'n2' })).toEqual([
    `primary_conninfo = 'host=db1 user=''repl user'''`,
    `primary_slot_name = 'n2'`,
  ])
})

test('what cannot stand in the file is refused: line ends, odd keywords, names that are no slot', () => {
  expect(() => writeConninfo({ host: 'a\nb' })).toThrow(RangeError)
  expect(() => writeConninfo({ 'host=x user': 'b' })).toThrow(RangeError)
  expect(() => followLines({ conninfo: {}, slotName: "x'; drop" })).toThrow(RangeError)
})

test('recovery.conf makes a standby of the latest timeline, with or without an upstream', () => {
  expect(recoveryConf(null)).toBe("standby_mode = 'on'\nrecovery_target_timeline = 'latest'\n")
  expect(recoveryConf({ conninfo: { host: 'a' }, slotName: null }).split('\n')[2]).toBe("primary_conninfo = 'host=a'")
})
