import { expect, test } from 'vitest'
import { wantedType } from './question'

const rule = { type: 'm5.large', memberTypes: ['Backup:m5.xlarge', 'db2:m6i.large', 'Tier=gold:r5.large'] }
const member = { title: 'shop on db1', hostname: 'db1', tags: ['Name=db1'] }

test('a member has its own type by its server, by its role tag or by any tag, and else the rule’s; case counts', () => {
  const types = [{}, { tags: ['PGRole=Backup'] }, { hostname: 'db2' }, { tags: ['Tier=gold'] }, { tags: ['PGRole=backup'] }].map((more) =>
    wantedType(rule, { ...member, ...more }),
  )
  expect(types).toEqual(['m5.large', 'm5.xlarge', 'm6i.large', 'r5.large', 'm5.large'])
})
