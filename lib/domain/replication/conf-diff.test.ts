import { expect, test } from 'vitest'
import { confDifferenceText, diffConf } from './conf-diff'

const conf = (name: string, text: string) => ({ name, text })
const told = (...parts: Parameters<typeof diffConf>) => diffConf(...parts).map((one) => confDifferenceText(one, 'n1'))

test('settings that differ are named with both values; comments, spelling and what every server has for itself are not', () => {
  const here = conf('postgresql.conf', "work_mem = 4MB # small\nshared_buffers = '1GB'\nport = 5433\nfsync on\nwork_mem = '8MB'\n")
  const there = conf('postgresql.conf', "WORK_MEM='16MB'\nshared_buffers = 1GB\nport = 5432\nfsync = on\njit = off\n")
  expect(told([here], [there])).toEqual([
    'postgresql.conf: jit is not set here, off on n1',
    'postgresql.conf: work_mem is 8MB here, 16MB on n1',
  ])
})

test('files of lines are compared as a whole, and a file that one side lacks is said', () => {
  const hba = (lines: string) => conf('pg_hba.conf', lines)
  expect(told([hba('local  all all peer\n# note\n')], [hba('local all all   peer')])).toEqual([])
  expect(told([hba('local all all peer')], [hba('local all all peer\nhost all all all scram-sha-256\n')])).toEqual([
    'pg_hba.conf: 1 line here, 2 lines on n1',
  ])
  expect(told([], [conf('postgresql.conf', 'jit = off')])).toEqual(['postgresql.conf: not there here, 1 line on n1'])
})
