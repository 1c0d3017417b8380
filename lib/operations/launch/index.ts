import { blueprintTag } from '@/lib/domain/blueprints/launch/tags'
import { notKnown } from '@/lib/domain/prices/month'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notAsked, notNeeded } from '@/lib/kernel/operation/only-when'
import { makeDatabase, smokeTest } from './database'
import { settingsFor } from './facts'
import { firmLaunch, ifVolume } from './firm'
import { canBeFollowed, doesAll, hasChoices, isAnswered, isFree, isNothingLeft } from './gates'
import { gatherLaunch } from './gather'
import { makeGroup } from './group'
import { launchInput } from './input'
import { isLeft } from './left'
import { launchMachine } from './machine'
import { registerHerd } from './register'
import { sayMonth, sayPrices, saySource, sayVolumes } from './say'
import { createCluster, installPackages, makeKeys, mountVolume, startServer, writeFiles } from './server'
import { trustHost } from './trust'

export const launchHerd = defineOperation({
  name: 'launch-herd',
  on: 'blueprint',
  role: 'dba',
  title: 'Launch a herd',
  verb: 'Launch',
  danger: 'routine',
  input: launchInput,
  help: [
    'Launches the primary of a herd on EC2 as the blueprint asks: security group, machine, volume, PostgreSQL set for the machine, TLS with the herd’s own authority, role, database, extensions and access rules. It is then a herd as any other.',
    'The choices are tried in their order until EC2 gives one; where the blueprint says so, on-demand machines come last. The host’s key is read from the machine’s console through EC2, so that no other host is trusted.',
    'Everything it makes carries tags with the blueprint and the job. If the job fails or is cancelled, exactly what it made is taken away again: found by these tags, also where an answer of EC2 was lost.',
    'It makes no standbys and no backups: the plan says so where the blueprint asks for them. Launch standby adds each standby, in another zone.',
    'The console logs in as postgres, which may use sudo without a password on the machine: a superuser of the database can thereby become root there.',
  ],
  gather: gatherLaunch,
  about: ({ launch }) => ({ title: launch.title, environmentId: launch.environmentId, herdId: null, serverId: null }),
  firm: (facts) => ({ ...firmLaunch(facts), left: facts.left === null ? null : isLeft(facts.left) }),
  managed: { harmless: 'It makes a herd of its own, and touches no server of another one.' },
  locks: ({ launch }) => [`blueprint:${launch.id}`],
  now: (facts) => [
    { label: 'Environment', value: facts.launch.environmentName },
    { label: 'Cloud account', value: facts.launch.account?.title ?? 'none' },
    { label: 'Region', value: facts.place?.region ?? notKnown },
    ...sayPrices(facts),
    { label: 'Volumes', value: sayVolumes(facts) },
    { label: 'Per month', value: sayMonth(facts) },
    { label: 'Prices', value: saySource(facts) },
    { label: 'Tag', value: `${blueprintTag}=${facts.launch.id}` },
    ...settingsFor(facts, null).map(({ name, value, because }) => ({ label: name, value: `${value}: ${because}` })),
  ],
  offered: (row) =>
    row.herdId === null || row.herdId === undefined ? { verdict: 'pass' } : { verdict: 'refuse', because: 'A herd was launched from it.' },
})
  .gate('free', 'Nothing is launched from it, and its name is free', isFree)
  .gate('blueprint', 'The blueprint can be followed', canBeFollowed)
  .gate('choices', 'A machine type fits', hasChoices)
  .gate('aws', 'EC2 would launch it', isAnswered)
  .gate('left', 'Nothing is left of an earlier launch', isNothingLeft)
  .gate('whole', 'It makes all that is asked for', doesAll)
  .effect('group', makeGroup(), {
    when: ({ launch, place }) => launch.blueprint.securityGroupIds.length === 0 && place !== null,
    otherwise: notNeeded('The blueprint names security groups.'),
  })
  .effect('machine', launchMachine())
  .effect('trust', trustHost())
  .effect('volume', mountVolume(), ifVolume)
  .effect('packages', installPackages())
  .effect('keys', makeKeys())
  .effect('cluster', createCluster())
  .effect('files', writeFiles())
  .effect('start', startServer())
  .effect('database', makeDatabase(), {
    when: ({ launch: { blueprint } }) => blueprint.adminUser !== null || blueprint.database !== null || blueprint.extensions.length > 0,
    otherwise: notAsked('The blueprint names no role, database or extension.'),
  })
  .effect('smoke', smokeTest())
  .effect('register', registerHerd())
  .build()
