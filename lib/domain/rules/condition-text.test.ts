import { expect, test } from 'vitest'
import { comparisonsIn, parseConditions } from './condition-text'
import type { Condition } from './conditions'

test('and binds before or, parentheses change that, and line ends are blanks', () => {
  expect(parseConditions('lagSeconds < 60\nand LOADPERCPU<=0.5 for 30 min or (active = 0 or primary.commits >= 2.5 for 5m)')).toEqual({
    any: [
      {
        all: [
          { metric: 'lagSeconds', sign: '<', bound: 60, minutes: 0 },
          { metric: 'loadPerCpu', sign: '≤', bound: 0.5, minutes: 30 },
        ],
      },
      {
        any: [
          { metric: 'active', sign: '=', bound: 0, minutes: 0 },
          { metric: 'commits', sign: '≥', bound: 2.5, minutes: 5, of: 'primary' },
        ],
      },
    ],
  })
})

test('no text is no condition, and one comparison is itself', () => {
  expect(parseConditions(' \n')).toEqual({ all: [] })
  expect(parseConditions('((combined.loadPerCpu < 0.7))')).toEqual({
    metric: 'loadPerCpu',
    sign: '<',
    bound: 0.7,
    minutes: 0,
    of: 'combined',
  })
  expect(comparisonsIn(parseConditions('active < 1 and (idle < 2 or cpu < 3)') as Condition).map(({ metric }) => metric)).toEqual([
    'active',
    'idle',
    'cpu',
  ])
})

test('what is wrong is said with the word that is', () => {
  for (const [text, because] of [
    ['lod < 1', /“lod” is no figure\. Write one of active, idle/],
    ['other.active < 1', /“other\.active” is no figure/],
    ['combined.lagSeconds < 1', /combined\.lagSeconds says nothing/],
    ['active 5', /active is followed by “5”/],
    ['active <', /“active <” is followed by nothing/],
    ['active < many', /followed by “many”/],
    ['active < 5 for ever', /“for” is followed by “ever”/],
    ['active < 5 for 0 min', /from 1 to 1440/],
    ['active < 5 idle < 3', /“idle” stands where/],
    ['busyClients < 5 for 10 min', /counted when the rule decides/],
    ['forecast.busyClients < 5 for 10 min', /counted when the rule decides/],
    ['combined.busyClients < 5', /says nothing/],
    ['(active < 5', /not closed/],
    ['active < 5)', /“\)” stands where/],
    ['active < 5 and', /nothing is no figure/],
    [`${'('.repeat(9)}active < 5${')'.repeat(9)}`, /at most 8 deep/],
    [Array(41).fill('active < 5').join(' and '), /at most 40 comparisons/],
  ] as const)
    expect(parseConditions(text), text).toMatch(because)
})

test('a forecast says how far ahead', () => {
  expect(parseConditions('forecast.combined.loadPerCpu < 0.7 for 480 min')).toEqual({
    ...{ metric: 'loadPerCpu', of: 'combined', sign: '<', bound: 0.7, minutes: 480, isAhead: true },
  })
  expect(parseConditions('forecast.cpu < 50')).toMatch(/Say how far ahead/)
})
