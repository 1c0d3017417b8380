import { describe, expect, test } from 'vitest'
import { alterStatement } from './alter'
import { parameterLine, parseParameters } from './edits'
import { isSameValue, shownParameter, valueProblem } from './judge'
import { listElements } from './parameter'

describe('what somebody writes', () => {
  test('is read as postgresql.conf is, with DEFAULT to take out what ALTER SYSTEM has written', () => {
    expect(
      parseParameters(
        "# memory\nwork_mem = 64MB\n\nlog_line_prefix = '%m it''s = '\nTimeZone='UTC'\npg_stat_statements.max = default\nsearch_path = ''",
      ),
    ).toEqual({
      edits: [
        { name: 'work_mem', value: '64MB' },
        { name: 'log_line_prefix', value: "%m it's = " },
        { name: 'TimeZone', value: 'UTC' },
        { name: 'pg_stat_statements.max', value: null },
        { name: 'search_path', value: '' },
      ],
      problems: [],
    })
  })

  test.each([
    ['work_mem', 'Line 1 (work_mem): write NAME = VALUE.'],
    ['work_mem = ', "Line 1 (work_mem): write a value, '' for an empty one, or DEFAULT to take out what ALTER SYSTEM has written."],
    ['work_mem = 1MB\nWORK_MEM = 2MB', 'Line 2 (WORK_MEM): it is there twice.'],
    ['drop table; = 1', 'Line 1: that is no name of a parameter.'],
    ["a = 'open", 'Line 1 (a): a value that begins with a quotation mark ends with one, and a quotation mark in it is written twice.'],
    ['# nothing', 'No parameter is named: write NAME = VALUE.'],
    ['data_directory = /tmp', expect.stringContaining('not from ALTER SYSTEM')],
    ['primary_conninfo = host=x', expect.stringContaining('Use Repoint on the standby')],
    ['PORT = 5433', expect.stringContaining('the console reaches the server by it')],
    ['recovery_target_lsn = 0/0', expect.stringContaining('it ends a recovery')],
  ])('%j is refused with the line and what to write', (text, problem) => {
    expect(parseParameters(text).problems).toEqual([problem])
  })

  test('a value with a secret in it is refused, and the refusal does not hold it', () => {
    const { edits, problems } = parseParameters(
      "archive_command = 'PGPASSWORD=hush cp %p /x'\nfoo.api_key = hush\nssl_passphrase_command = 'echo hush'",
    )
    expect(edits).toEqual([])
    expect(problems).toHaveLength(3)
    expect(problems.join()).not.toContain('hush')
  })

  test('each edit is a line that is read as the same edit', () => {
    const edits = [
      { name: 'work_mem', value: '64MB' },
      { name: 'log_line_prefix', value: "%m 'x' " },
      { name: 'a', value: '' },
      { name: 'b', value: 'default' },
      { name: 'c', value: null },
    ]
    expect(parseParameters(edits.map(parameterLine).join('\n'))).toEqual({ edits, problems: [] })
  })
})

const kind = { name: 'work_mem', context: 'user', type: 'integer', unit: 'kB', min: '64', max: '2147483647', choices: null } as const
const pages = { ...kind, name: 'shared_buffers', unit: '8kB', min: '16', max: '1073741823' } as const
const plain = { ...kind, name: 'max_connections', unit: null, min: '1', max: '262143' } as const
const choice = {
  ...kind,
  name: 'synchronous_commit',
  type: 'enum',
  unit: null,
  choices: ['local', 'on', 'off'],
  min: null,
  max: null,
} as const
const flag = { ...kind, name: 'autovacuum', type: 'bool', unit: null, min: null, max: null } as const
const text = { ...kind, name: 'archive_command', type: 'string', unit: null, min: null, max: null } as const
const list = { ...text, name: 'shared_preload_libraries' } as const
const octal = { ...plain, name: 'log_file_mode', min: '0', max: '511' } as const

describe('what the server would not take', () => {
  test.each([
    [kind, '63kB', 'it is at least 64kB'],
    [kind, '64', null],
    [kind, 'much', 'it is a number with or without a unit (kB)'],
    [kind, '5min', 'it is a number with or without a unit (kB)'],
    [pages, '16TB', 'it is at most 8589934584kB'],
    [plain, '0', 'it is at least 1'],
    [plain, '300000', 'it is at most 262143'],
    [plain, '10kB', 'it is a number'],
    [choice, 'maybe', 'it is one of local, on, off'],
    [choice, 'LOCAL', null],
    [flag, 'perhaps', 'it is on or off'],
    [flag, 'yes', null],
    [text, '', null],
    [list, ' ', 'an empty list is not written: use DEFAULT'],
    [octal, '0640', null],
    [octal, '0999', 'it is a permission in octal, such as 0700'],
    [{ ...plain, context: 'internal' }, '1', 'it is fixed when the server is built or its cluster is made'],
    [kind, null, null],
  ])('%# %j', (one, value, problem) => {
    expect(valueProblem({ ...one, choices: one.choices === null ? null : [...one.choices] }, value)).toBe(problem)
  })
})

test('one value is the same however it is written', () => {
  const same = (
    one: Omit<typeof kind, 'name' | 'type' | 'unit' | 'min' | 'max' | 'choices'> & object,
    a: string | null,
    b: string | null,
  ) => isSameValue(one as never, a, b)
  expect(same(kind, '64MB', '65536')).toBe(true)
  expect(same(kind, '64MB', '64')).toBe(false)
  expect(same(flag, 'yes', 'on')).toBe(true)
  expect(same(octal, '0600', '600')).toBe(true)
  expect(same(list, 'a,  b', '"a", b')).toBe(true)
  expect(same(text, null, '')).toBe(false)
  expect([shownParameter(kind as never, '65536'), shownParameter(text as never, ''), shownParameter(octal as never, '0600')]).toEqual([
    '64MB',
    '(empty)',
    '0600',
  ])
})

test('ALTER SYSTEM gives the elements of a list one by one, and quotes whatever is written', () => {
  expect(alterStatement({ name: 'shared_preload_libraries', value: 'pg_stat_statements, "a,b"' })).toBe(
    "alter system set shared_preload_libraries = 'pg_stat_statements', 'a,b'",
  )
  expect(alterStatement({ name: 'archive_command', value: "cp '%p' \\x; drop" })).toBe(
    "alter system set archive_command = E'cp ''%p'' \\\\x; drop'",
  )
  expect(alterStatement({ name: 'TimeZone', value: null })).toBe('alter system reset timezone')
  expect(listElements('')).toEqual([])
})
