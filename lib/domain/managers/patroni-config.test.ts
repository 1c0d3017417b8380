import { describe, expect, test } from 'vitest'
import { type ConfigObject, paceProblem, parseEdits, patchOf, restartFor } from './patroni-config'

const now: ConfigObject = {
  ttl: 30,
  slots: { old: { type: 'physical' } },
  postgresql: { use_slots: true, parameters: { work_mem: '4MB', max_connections: 100 } },
}
const editsOf = (text: string) => {
  const { edits, problems } = parseEdits(text)
  expect(problems).toEqual([])
  return edits
}

test('each line becomes one setting, a dot in the name of a PostgreSQL setting is part of it, and null takes it out', () => {
  const text = 'ttl = 45\n\n# a remark\npostgresql.parameters.auto_explain.log_min_duration = 3s\npostgresql.parameters.work_mem = null'
  expect(patchOf(now, editsOf(text))).toEqual({
    ttl: 45,
    postgresql: { parameters: { 'auto_explain.log_min_duration': '3s', work_mem: null } },
  })
})

test('a setting that is an object goes as it is to be, and one that is a list is replaced', () => {
  expect(patchOf(now, editsOf('slots = {"new": {"type": "physical"}}\npostgresql.pg_hba = ["local all all peer"]'))).toEqual({
    slots: { old: null, new: { type: 'physical' } },
    postgresql: { pg_hba: ['local all all peer'] },
  })
})

describe('it is refused, with its line and what to write', () => {
  test.each([
    ['', 'No setting is named: write NAME = VALUE.'],
    ['ttl', 'Line 1 (ttl): write NAME = VALUE; null takes the setting out.'],
    ['ttl = 5', 'Line 1 (ttl): it is at least 20.'],
    ['ttl = half', 'Line 1 (ttl): it is a whole number.'],
    ['failsafe_mode = maybe', 'Line 1 (failsafe_mode): it is true or false.'],
    ['work_mem = 8MB', 'Patroni has no such setting; those of PostgreSQL are written postgresql.parameters.NAME'],
    ['pause = true', 'use Pause Patroni or Resume Patroni'],
    ['standby_cluster = {}', 'patronictl edit-config'],
    ['postgresql.parameters.port = 1', 'from the file of each member'],
    ['postgresql.parameters.work_mem = {"a": 1}', 'is a text, a number or true and false'],
    ["postgresql.parameters.a'b = 1", 'no name of a PostgreSQL setting'],
    ['ttl = 30\nttl = 40', 'Line 2 (ttl): it is there twice.'],
    ['__proto__ = 1', 'Patroni has no such setting'],
  ])('%s', (text, words) => {
    expect(parseEdits(text).problems.join('\n')).toContain(words)
  })
})

test('a pace under which the leader key would run out is refused, whichever of its three numbers is edited', () => {
  expect(paceProblem(now, editsOf('loop_wait = 11'))).toContain('loop_wait (11 s) and twice retry_timeout (10 s) are more than ttl (30 s)')
  expect(paceProblem(now, editsOf('ttl = 20'))).not.toBeNull()
  expect(paceProblem(now, editsOf('ttl = 20\nloop_wait = 5\nretry_timeout = 5'))).toBeNull()
})

test('a setting that standbys must have as much of restarts them first when it is raised, and the leader first when it is lowered', () => {
  expect(restartFor(now, editsOf('postgresql.parameters.max_connections = 200'))).toContain('The standbys first')
  expect(restartFor(now, editsOf('postgresql.parameters.max_connections = 50'))).toContain(
    'The leader first, since max_connections is lowered',
  )
  expect(restartFor(now, editsOf('postgresql.parameters.work_mem = 8MB'))).toBeNull()
})
