import { expect, test } from 'vitest'
import { countErrors } from './count'
import { parseLog } from './parse'

const debian = '%m [%p] %q%u@%d '

test('a message has its time, process, user and database, and what belongs to it, over several lines too', () => {
  const text = [
    "half of a line that was cut: ERROR:  'x'",
    '2026-11-23 04:27:27.123 UTC [4711] app@shop ERROR:  duplicate key value violates unique constraint "orders_pkey"',
    '2026-11-23 04:27:27.123 UTC [4711] app@shop DETAIL:  Key (id)=(7) already exists.',
    '2026-11-23 04:27:27.123 UTC [4711] app@shop STATEMENT:  insert into orders',
    '\tvalues (7)',
    '2026-11-23 04:27:28.000 UTC [99] LOG:  checkpoint starting: time',
    '',
  ].join('\n')
  expect(parseLog(text, 'stderr', debian)).toEqual([
    expect.objectContaining({ level: 'ERROR', pid: null, at: null }),
    {
      at: '2026-11-23 04:27:27.123 UTC',
      pid: 4711,
      user: 'app',
      database: 'shop',
      application: null,
      client: null,
      level: 'ERROR',
      code: null,
      text: 'duplicate key value violates unique constraint "orders_pkey"',
      more: [
        { kind: 'DETAIL', text: 'Key (id)=(7) already exists.' },
        { kind: 'STATEMENT', text: 'insert into orders\nvalues (7)' },
      ],
    },
    expect.objectContaining({ at: '2026-11-23 04:27:28.000 UTC', pid: 99, user: null, level: 'LOG', text: 'checkpoint starting: time' }),
  ])
})

test.each([
  [
    '%t:%r:%u@%d:[%p]: ',
    '2026-11-23 04:27:27 CET:10.0.0.7(5432):app@shop:[12]: ',
    { at: '2026-11-23 04:27:27 CET', client: '10.0.0.7(5432)', pid: 12 },
  ],
  ['%m [%p] %e %a %h ', '2026-11-23 04:27:27.001 UTC [12] 40001 my app 10.0.0.7 ', { code: '40001', application: null, client: null }],
  [
    '%m [%p] %e %a %h ',
    '2026-11-23 04:27:27.001 UTC [12] 40001 psql 10.0.0.7 ',
    { code: '40001', application: 'psql', client: '10.0.0.7' },
  ],
  ['<%-10u|%8p> ', '<app       |      12> ', { user: 'app', pid: 12 }],
  ['%n %l-1 %c %% ', '1732336047.123 7-1 6741.1a2b % ', { at: '1732336047.123' }],
  [null, '2026-11-23 04:27:27 UTC [12-3] x@y: ', { at: '2026-11-23 04:27:27 UTC', pid: 12 }],
  ['%m [%p] ', 'written before somebody changed the prefix [12] ', { pid: 12, at: null }],
  ['%a %u %d %h %i ', 'x '.repeat(40), { application: null, user: null }],
])('with the prefix %j a line is read as it was written', (prefix, begin, fields) => {
  expect(parseLog(`${begin}FATAL:  it failed`, 'stderr', prefix)).toEqual([
    expect.objectContaining({ ...fields, level: 'FATAL', text: 'it failed' }),
  ])
})

test('a log in JSON is read field by field, and a line that was cut is left out', () => {
  const row = {
    timestamp: '2026-11-23 04:27:27.123 UTC',
    user: 'app',
    dbname: 'shop',
    pid: 4711,
    error_severity: 'ERROR',
    state_code: '23505',
    message: 'duplicate key',
    detail: 'Key (id)=(7) already exists.',
  }
  expect(parseLog(`p":1}\n${JSON.stringify(row)}\n`, 'jsonlog', null)).toEqual([
    expect.objectContaining({ code: '23505', pid: 4711, more: [{ kind: 'DETAIL', text: 'Key (id)=(7) already exists.' }] }),
  ])
})

test('errors are counted by their code, and where there is none by their words without what is particular to one', () => {
  const at = (second: number) => `2026-11-23 04:27:0${second}.000 UTC [1] a@b `
  const text = [
    `${at(1)}ERROR:  relation "x" does not exist at character 15`,
    `${at(2)}LOG:  connection received`,
    `${at(3)}ERROR:  relation "y" does not exist at character 9`,
    `${at(4)}FATAL:  role "z" does not exist`,
  ].join('\n')
  expect(countErrors(parseLog(text, 'stderr', debian))).toEqual([
    { code: null, level: 'ERROR', text: 'relation "…" does not exist at character …', count: 2, lastAt: '2026-11-23 04:27:03.000 UTC' },
    { code: null, level: 'FATAL', text: 'role "…" does not exist', count: 1, lastAt: '2026-11-23 04:27:04.000 UTC' },
  ])
})
