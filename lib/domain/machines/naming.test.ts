import { expect, test } from 'vitest'
import { familyOf, nameFromTags, tagFilter } from './naming'

test('a herd’s name is made of tags whatever their case, and of none where one is missing', () => {
  const template = '{project}-{Environment}-{cluster}'
  expect(nameFromTags(template, { Project: 'Shop', environment: 'Prod', CLUSTER: 'main' })).toBe('shop-prod-main')
  expect(nameFromTags(template, { Project: 'Shop', environment: '', CLUSTER: 'main' })).toBeNull()
  expect(nameFromTags(template, { Project: 'Shop' })).toBeNull()
  expect(nameFromTags('', { Project: 'Shop' })).toBeNull()
})

test('a filter keeps what stands after the first equals sign, and takes any value where there is none', () => {
  expect(tagFilter(['Role=PostgreSQL', 'expr=a=b', 'managed'])).toEqual({ Role: 'PostgreSQL', expr: 'a=b', managed: '*' })
})

test('a family is what stands before the dot', () => {
  expect([familyOf('r6g.2xlarge'), familyOf('odd')]).toEqual(['r6g', 'odd'])
})
