import { expect, test } from 'vitest'
import { becameOf, type RuleMember, sizedMembers, wantedType } from './question'

const rule = { type: 'm5.large', memberTypes: ['Backup:m5.xlarge', 'db2:m6i.large', 'Tier=gold:r5.large'] }
const member = { title: 'shop on db1', hostname: 'db1', tags: ['Name=db1'] }

test('a member has its own type by its server, by its role tag or by any tag, and else the rule’s; case counts', () => {
  const types = [{}, { tags: ['PGRole=Backup'] }, { hostname: 'db2' }, { tags: ['Tier=gold'] }, { tags: ['PGRole=backup'] }].map((more) =>
    wantedType(rule, { ...member, ...more }),
  )
  expect(types).toEqual(['m5.large', 'm5.xlarge', 'm6i.large', 'r5.large', 'm5.large'])
})

test('a DB instance of RDS is asked for a class and a machine of EC2 for a type, however the rule spells it, also among fallbacks', () => {
  const member = (id: string, type: string | null): RuleMember => ({
    ...{ id, herdId: 'shop', title: id, serverId: id, hostname: id, role: 'standby', cpus: 4, region: 'us-east-1', tags: [] },
    type,
  })
  const members = [member('ec2', 'm5.xlarge'), member('rds', 'db.m5.xlarge'), member('untied', null)]
  const rest = { memberTypes: [], conditions: '', countedClients: [], ignoredClients: [] } as const
  const shrink = { ...rest, action: 'down', reverseOf: null } as const
  for (const type of ['m5.large', 'db.m5.large'])
    expect(sizedMembers({ ...shrink, type }, members, []).map(({ to }) => to)).toEqual(['m5.large', 'db.m5.large', type])

  const back = { ...rest, action: 'return', reverseOf: 'night', type: null } as const
  const earlier = [{ ruleId: 'night', memberId: 'rds', from: 'db.m5.xlarge', became: becameOf('db.m5.large', 'm5a.large') }]
  expect(sizedMembers(back, [member('rds', 'db.m5a.large')], earlier)).toMatchObject([{ to: 'db.m5.xlarge', because: null }])
})
