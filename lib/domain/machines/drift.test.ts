import { expect, test } from 'vitest'
import { type JudgedMachine, judgeDrift, recordOf, takeOver, worksOnMachines } from './drift'

const seen = {
  ...{ type: 'r5.large', pendingType: null, zone: 'us-east-1a', title: 'db1', state: 'running' },
  ...{ tags: ['Name=db1', 'PGRole=replica'], volumes: ['vol-1 /dev/xvda 50 GiB gp3'], addresses: ['10.0.0.1'] },
}
const server = { id: 'server-1', name: 'db1' }
const recorded = recordOf(seen, server.id)
const machine = (more: Partial<JudgedMachine> = {}): JudgedMachine => ({
  ...{ seen, recorded, tie: 'tied', server, recordedServer: 'db1', isReplaced: false, isIgnored: false },
  ...{ herdByTags: 'shop', herds: ['Shop'], role: 'standby', isReadReplica: false, works: [] },
  ...more,
})
const differences = (more: Partial<JudgedMachine>) => judgeDrift(machine(more)).differences
const lines = (more: Partial<JudgedMachine>) => differences(more).map(({ field, cloud, console }) => [field, cloud, console])
const seenAs = (more: Partial<JudgedMachine['seen']>) => ({ seen: { ...seen, ...more } })
const resized = {
  setsType: true,
  leaves: ['running'],
  isOpen: false,
  sent: 'aws ec2 modify-instance-attribute --instance-id i-1 --instance-type r5.xlarge',
}

test('a machine that is what was recorded differs in nothing, nor does one in a passing state or an order of its own', () => {
  expect(differences({})).toEqual([])
  expect(differences(seenAs({ state: 'stopping', tags: [...seen.tags].reverse() }))).toEqual([])
})

test('each thing that somebody changed in the cloud is a difference with both sides, of tags and volumes with what differs alone', () => {
  expect(
    lines(
      seenAs({
        ...{ type: 'r5.xlarge', state: 'stopped', zone: 'us-east-1b', title: 'new', addresses: ['10.0.0.2'] },
        ...{ tags: ['Name=new', 'PGRole=replica'], volumes: [...seen.volumes, 'vol-2 /dev/xvdb 10 GiB gp3'] },
      }),
    ),
  ).toEqual([
    ['type', ['r5.xlarge'], ['r5.large']],
    ['state', ['stopped'], ['running']],
    ['zone', ['us-east-1b'], ['us-east-1a']],
    ['name', ['new'], ['db1']],
    ['tags', ['Name=new'], ['Name=db1']],
    ['volumes', ['vol-2 /dev/xvdb 10 GiB gp3'], []],
    ['addresses', ['10.0.0.2'], ['10.0.0.1']],
  ])
  expect(lines(seenAs({ pendingType: 'r5.xlarge' }))).toEqual([['type', ['r5.xlarge pending'], []]])
})

test('what a run of the console made of a machine is recorded, and a type that no run asked EC2 for is a difference all the same', () => {
  const done = judgeDrift(machine({ ...seenAs({ type: 'r5.xlarge', addresses: ['10.0.0.2'] }), works: [resized] }))
  expect(done).toMatchObject({ differences: [], recorded: { type: 'r5.xlarge', addresses: ['10.0.0.2'] } })
  expect(lines({ ...seenAs({ type: 'm5.large' }), works: [resized] })).toEqual([['type', ['m5.large'], ['r5.large']]])
  expect(lines({ ...seenAs({ state: 'stopped' }), works: [resized] })).toEqual([['state', ['stopped'], ['running']]])
  const open = judgeDrift(machine({ ...seenAs({ type: 'r5.xlarge', state: 'stopped' }), works: [{ ...resized, isOpen: true }] }))
  expect(open).toMatchObject({ differences: [], recorded: { type: 'r5.large', state: 'running' } })
})

test('a machine appears until it is tied or ignored, and is recorded when it is tied', () => {
  const found = { recorded: null, recordedServer: null, server: null, tie: 'untied' as const, herds: [], role: null }
  expect(judgeDrift(machine(found))).toEqual({
    recorded: null,
    differences: [{ field: 'appeared', cloud: ['r5.large in us-east-1a, running'], console: ['not registered'] }],
  })
  expect(judgeDrift(machine({ ...found, isIgnored: true }))).toEqual({ recorded: null, differences: [] })
  expect(judgeDrift(machine({ recorded: null, recordedServer: null }))).toEqual({ recorded, differences: [] })
})

test('a machine that is gone is missed until its server is another machine or no longer registered', () => {
  const gone = { ...seenAs({ state: 'terminated' }), server: null, tie: 'untied' as const }
  expect(lines(gone)).toEqual([['gone', ['terminated'], ['db1 is on it']]])
  expect(lines({ ...gone, isReplaced: true })).toEqual([])
  expect(lines({ ...gone, recordedServer: null })).toEqual([])
})

test('what a stopped herd gave back is not missed, and what a resumed one attached and tagged is no difference', () => {
  const work = (operation: string, isOpen: boolean) => [{ ...worksOnMachines[operation]!, isOpen, sent: '' }]
  const gone = { ...seenAs({ state: 'terminated' }), server: null, tie: 'untied' as const }
  expect(judgeDrift(machine({ ...gone, works: work('stop-herd', true) }))).toEqual({ recorded, differences: [] })
  expect(judgeDrift(machine({ ...gone, works: work('stop-herd', false) }))).toEqual({ recorded: null, differences: [] })
  const grown = seenAs({ tags: [...seen.tags, 'kept=yes'], volumes: [...seen.volumes, 'vol-2 /dev/sdf 10 GiB gp3'] })
  for (const isOpen of [true, false]) expect(differences({ ...grown, works: work('resume-herd', isOpen) })).toEqual([])
  expect(differences({ ...grown, works: work('start-machine', false) })).toHaveLength(2)
})

test('a tie that ended or moved, another herd by tags and another role are differences; a role that is not known is none', () => {
  expect(lines({ server: null, tie: 'untied' })).toEqual([['server', ['no server has its addresses'], ['db1']]])
  expect(lines({ server: { id: 'server-2', name: 'db2' } })).toEqual([['server', ['db2'], ['db1']]])
  expect(lines({ herdByTags: 'orders' })).toEqual([['herd', ['orders'], ['Shop']]])
  expect(lines({ role: 'primary' })).toEqual([['role', ['standby'], ['primary']]])
  expect(lines({ role: 'primary', isReadReplica: true, ...seenAs({ tags: seen.tags }) })).toEqual([['role', ['standby'], ['primary']]])
  expect(lines({ role: null })).toEqual([])
})

test('what is taken over is recorded, and nothing else', () => {
  const now = { ...seen, type: 'r5.xlarge', zone: 'us-east-1b' }
  expect(takeOver(recorded, now, server.id, ['type'])).toEqual({ ...recorded, type: 'r5.xlarge' })
  expect(takeOver(recorded, now, 'server-2', ['server'])).toEqual({ ...recorded, serverId: 'server-2' })
  expect([takeOver(recorded, now, null, ['server']), takeOver(recorded, now, null, ['gone'])]).toEqual([null, null])
})
