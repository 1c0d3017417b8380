import { expect, describe as group, test } from 'vitest'
import { emptyQuery, fieldByWord, formatListQuery, type ListQuery, parseListQuery, readSearch } from './query'
import type { ResourceDescription } from './resource'
import { matchesTerms, readTerm, writeTerm } from './terms'

const fields: ResourceDescription['fields'] = {
  title: { name: 'title', kind: 'text', label: 'Instance' },
  environmentId: { name: 'environmentId', kind: 'reference', label: 'Environment', to: 'environment' },
  herdId: { name: 'herdId', kind: 'reference', label: 'Herd', to: 'herd' },
  state: {
    name: 'state',
    kind: 'choice',
    label: 'State',
    choices: [
      { value: 'online', label: 'Online' },
      { value: 'stopped', label: 'Stopped' },
      { value: 'two-person', label: 'Two-person' },
    ],
  },
  role: { name: 'role', kind: 'choice', label: 'Role', choices: [{ value: 'standby', label: 'Standby' }] },
  lagBytes: { name: 'lagBytes', kind: 'bytes', label: 'Lag' },
  lagSeconds: { name: 'lagSeconds', kind: 'seconds', label: 'Lag in time' },
  observedAt: { name: 'observedAt', kind: 'moment', label: 'Seen' },
  hasPendingRestart: { name: 'hasPendingRestart', kind: 'flag', label: 'Pending restart' },
  tags: { name: 'tags', kind: 'tags', label: 'Tags' },
  probe: { name: 'probe', kind: 'json', label: 'Probe' },
}
const resource: ResourceDescription = {
  name: 'instance',
  path: 'instances',
  noun: ['instance', 'instances'],
  fields,
  list: { columns: ['title'], filters: ['state'], order: 'title', canSearch: true, sparklines: [] },
  form: [],
  sections: [],
  related: [],
  observed: true,
  help: [],
  canAdd: false,
  canDelete: false,
}
const parse = (text: string) => parseListQuery(resource, new URLSearchParams(text))

group('the URL', () => {
  test('is read into filters, search, sort, page and columns', () => {
    expect(parse('state=online,stopped&lagBytes=>1GB&q=shop&sort=-lagBytes,title&page=3&per=100&columns=title,state')).toEqual({
      query: {
        filters: { state: ['online', 'stopped'], lagBytes: ['>1073741824'] },
        search: 'shop',
        sort: [
          { field: 'lagBytes', down: true },
          { field: 'title', down: false },
        ],
        page: 3,
        perPage: 100,
        columns: ['title', 'state'],
      },
      dropped: [],
      problems: [],
    })
  })

  test('names everything it cannot use and keeps the rest', () => {
    const { query, dropped, problems } = parse(
      'state=online,flying&colour=red&lagBytes=big&sort=colour,title&page=0&per=9000&columns=title,colour&probe=x',
    )
    expect(query).toEqual({ ...emptyQuery(), filters: { state: ['online'] }, sort: [{ field: 'title', down: false }], columns: ['title'] })
    expect(dropped).toEqual([
      'State: “flying” is not one of its choices.',
      'colour',
      'Lag: “big” is not a size such as 1GB.',
      'sort: colour',
      'page: 0',
      'per: 9000',
      'columns: colour',
      'Probe cannot be filtered with “”.',
    ])
    expect(problems.map(({ path }) => path)).toEqual(['state', 'colour', 'lagBytes', 'sort', 'page', 'per', 'columns', 'probe'])
    const said = Object.fromEntries(problems.map(({ path, message }) => [path, message]))
    expect(said.per).toBe('is a whole number from 1 to 500')
    expect(said.state).toBe(dropped[0])
    for (const path of ['colour', 'sort', 'columns']) expect(said[path]).toMatch(/there are .*\bstate\b/)
  })

  test('takes short names and case-blind names for fields', () => {
    expect(parse('env=prod&HERD=shop&lag=>=1kB').query.filters).toEqual({ environmentId: ['prod'], herdId: ['shop'], lagBytes: ['>=1024'] })
  })

  test('cannot be used to reach what an object inherits', () => {
    expect(parse('constructor=1&__proto__=1&sort=toString&columns=valueOf').dropped).toEqual([
      'constructor',
      '__proto__',
      'sort: toString',
      'columns: valueOf',
    ])
    expect(fieldByWord(resource, 'hasOwnProperty')).toBe(null)
  })

  test('is canonical: equal lists have equal text, and parsing it again changes nothing', () => {
    const samples: ListQuery[] = [
      emptyQuery(),
      { ...emptyQuery(), search: 'env:prod "two words" lag>1GB', page: 7 },
      {
        ...emptyQuery(),
        filters: { title: ['a,b', 'back\\slash', '~50%', '=!odd'], tags: ['debian'], observedAt: ['<-300'] },
        perPage: 500,
      },
      { ...emptyQuery(), filters: { state: ['!online', 'isnull'] }, sort: [{ field: 'state', down: true }], columns: ['state', 'title'] },
    ]
    for (const query of samples) {
      const text = formatListQuery(resource, query)
      const again = parse(text)
      expect(again.dropped).toEqual([])
      expect(formatListQuery(resource, again.query)).toBe(text)
      for (const [name, terms] of Object.entries(query.filters)) expect(new Set(again.query.filters[name])).toEqual(new Set(terms))
    }
    expect(formatListQuery(resource, emptyQuery())).toBe('')
    expect(formatListQuery(resource, parse('sort=title&state=stopped,online').query)).toBe(
      formatListQuery(resource, parse('state=online&state=stopped&sort=title&page=1').query),
    )
  })
})

group('the search box', () => {
  test('takes field words as filters and leaves the other words', () => {
    expect(readSearch(resource, 'env:prod role:standby lag>1GB shop "two words"')).toEqual({
      words: ['shop', 'two words'],
      filters: {
        environmentId: [{ operator: 'is', value: 'prod' }],
        role: [{ operator: 'is', value: 'standby' }],
        lagBytes: [{ operator: 'above', value: '1073741824' }],
      },
      dropped: [],
    })
  })

  test('looks inside text, negates with a dash, takes lists and ages', () => {
    expect(readSearch(resource, 'title:shop -state:online,stopped observedAt:<-5m herd:"my herd"').filters).toEqual({
      title: [{ operator: 'contains', value: 'shop' }],
      state: [
        { operator: 'not', value: 'online' },
        { operator: 'not', value: 'stopped' },
      ],
      observedAt: [{ operator: 'below', value: '-300' }],
      herdId: [{ operator: 'is', value: 'my herd' }],
    })
  })

  test('keeps addresses and URLs that only look like field words', () => {
    expect(readSearch(resource, 'fe80::1 https://x 10.0.0.1').words).toEqual(['fe80::1', 'https://x', '10.0.0.1'])
  })
})

group('a term', () => {
  test('is written as it is read', () => {
    for (const [name, texts] of Object.entries({
      state: ['online', '!two-person', 'isnull', 'notnull'],
      lagBytes: ['>1', '>=1', '<1', '<=1', '7', '!7'],
      title: ['~x', '=>odd', '==', 'plain', '=isnull'],
      observedAt: ['>-300', '<2026-01-31T08:00:00.000Z'],
      hasPendingRestart: ['true'],
    }))
      for (const text of texts) {
        const term = readTerm(fields[name]!, text)
        expect(term).toHaveProperty('operator')
        if ('operator' in term) expect(writeTerm(term)).toBe(text)
      }
  })

  test('matches: any of the plain ones or the whole range, and none of the negated', () => {
    const terms = (name: string, ...texts: string[]) =>
      texts.map((text) => readTerm(fields[name]!, text) as { operator: 'is'; value: string })
    const check = (name: string, texts: string[], value: string | number | null) =>
      matchesTerms(fields[name]!, terms(name, ...texts), value)
    expect(check('state', ['online', 'stopped'], 'stopped')).toBe(true)
    expect(check('state', ['!online'], null)).toBe(true)
    expect(check('state', ['online', '!online'], 'online')).toBe(false)
    expect(check('lagBytes', ['>10', '<20'], 15)).toBe(true)
    expect(check('lagBytes', ['>10', '<20'], 25)).toBe(false)
    expect(check('lagBytes', ['>10', 'isnull'], null)).toBe(true)
    expect(check('title', ['sh*p'], 'SHOOP')).toBe(true)
    expect(check('title', ['~50%'], 'at 50% load')).toBe(true)
  })
})
