import { expect, test } from 'vitest'
import { confSetting, followLines, standbyLines } from './conf'

test('values with blanks, quotes and backslashes stay whole in the file', () => {
  expect(followLines({ conninfo: { host: 'db1', user: 'repl user', options: 'a\\b' }, slotName: 'n2' })).toEqual([
    `primary_conninfo = 'host=db1 user=''repl user'' options=''a\\\\\\\\b'''`,
    `primary_slot_name = 'n2'`,
  ])
})

test('a name that is no slot is refused', () => {
  expect(() => followLines({ conninfo: {}, slotName: "x'; drop" })).toThrow(RangeError)
})

test('a configuration file is read as PostgreSQL reads it: the last one counts, whatever its case, with or without an equals sign', () => {
  expect(confSetting("#port = 1\nport = 2\n PORT '3' # four\nport_x = 5", 'port')).toBe('3')
  expect(confSetting("primary_conninfo = 'host=a user=''x y'' options=\\'-c a\\''", 'primary_conninfo')).toBe(
    `host=a user='x y' options='-c a'`,
  )
  expect(confSetting("primary_conninfo='host=a'", 'primary_conninfo')).toBe('host=a')
  expect(confSetting("primary_conninfo = ''", 'primary_conninfo')).toBe('')
  expect(confSetting("name = 'a\\\\b\\101'", 'name')).toBe('a\\bA')
  expect(confSetting('', 'port')).toBe(null)
})

test('recovery.conf makes a standby that follows timelines', () => {
  expect(standbyLines).toEqual(["standby_mode = 'on'", "recovery_target_timeline = 'latest'"])
})
