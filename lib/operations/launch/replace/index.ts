import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notNeeded } from '@/lib/kernel/operation/only-when'
import type { Effect } from '@/lib/kernel/operation/operation'
import { attachVolume } from '../attach'
import { memberName } from '../facts'
import { firmLaunch } from '../firm'
import { canBeFollowed, hasChoices, isAnswered } from '../gates'
import { launchMachine } from '../machine'
import { sayPrices } from '../say'
import { installPackages, makeKeys, mountVolume, writeFiles } from '../server'
import { letMembersIn } from '../standby/reach'
import { trustHost } from '../trust'
import { gatherReplace, keepsPassfile, type ReplaceFacts, replaceInput } from './facts'
import * as gates from './gates'
import { keepPassfile, stopOld, terminateOld } from './old-machine'
import { pointNames, rehost, startOnNew, stays } from './on-new'
import { configureCluster } from './volume'

export const replaceMachine = defineOperation({
  name: 'replace-machine',
  on: 'blueprint',
  role: 'dba',
  title: 'Replace the machine of a launched herd’s primary',
  verb: 'Replace machine',
  danger: 'disruptive',
  input: replaceInput,
  help: [
    'Moves the data volume of the primary to a new machine in the same zone: for a spot machine that AWS takes while no standby can take over. Nothing that was committed is lost.',
    'The new machine is launched and made ready first. Then PostgreSQL shuts down on the old one, if that runs still; the old one is terminated, the volume attached to the new one, and PostgreSQL started there. Nobody can write meanwhile.',
    'It is the same server and the same instance afterwards: address, host key and the DNS names that hold the address follow.',
    'Where the new machine cannot be had, nothing was stopped. From the termination on the job only goes forward: resume it.',
  ],
  gather: gatherReplace,
  about: ({ launch }) => ({ title: launch.title, environmentId: launch.environmentId, herdId: launch.herd?.id ?? null, serverId: null }),
  firm: (facts) => ({
    ...firmLaunch(facts),
    primary: facts.primary?.id ?? null,
    address: facts.primary?.address.host.address ?? null,
    kept: facts.kept?.id ?? null,
    insteadOf: facts.insteadOf,
    names: facts.names,
  }),
  managed: { deed: 'stop', servers: ({ primary }) => (primary === null ? [] : [primary]) },
  interrupts: ({ primary, probe }) => (primary === null || probe === null ? [] : [{ place: primary, probe }]),
  locks: ({ launch }) => [`blueprint:${launch.id}`, ...(launch.herd === null ? [] : [`herd:${launch.herd.id}`])],
  now: (facts) => [
    { label: 'Primary', value: facts.primary === null ? 'not known' : `${facts.primary.title}: ${facts.probe?.state ?? 'not seen'}` },
    { label: 'Machine now', value: facts.old === null ? 'EC2 does not list it' : `${facts.old.id}, ${facts.old.type}, ${facts.old.state}` },
    { label: 'Volume', value: facts.volumes.map(({ id, sizeGb, zone }) => `${id}, ${sizeGb} GB in ${zone}`).join('; ') || 'none' },
    ...sayPrices(facts),
  ],
  affected: ({ probe, names }) => [
    ...(probe?.clients
      ? [
          {
            kind: 'clients' as const,
            count: probe.clients,
            sentence: `${counted(probe.clients, 'client')} will be cut, and can write again once PostgreSQL runs on the new machine.`,
          },
        ]
      : []),
    ...names.map((name) => ({ kind: 'names' as const, count: 1, sentence: `${name} points to the new machine afterwards.` })),
  ],
  offered: (row) =>
    row.herdId === null || row.herdId === undefined ? { verdict: 'refuse', because: 'No herd was launched from it.' } : { verdict: 'pass' },
})
  .gate('primary', 'The primary is known', gates.hasPrimary)
  .gate('alone', 'Nobody else takes writes', gates.isAlone)
  .gate('blueprint', 'The blueprint can be followed', canBeFollowed)
  .gate('volume', 'Its volume can move', gates.hasVolume)
  .gate('old', 'How the old machine goes', gates.howOldGoes)
  .gate('choices', 'A machine type fits in its zone', hasChoices)
  .gate('aws', 'EC2 would launch it', isAnswered)
  .gate('clients', 'No client connections', gates.clientsSaid)
  .gate('system-disk', 'What is on the system disk', gates.filesSaid)
  .gate('pointers', 'Who follows its address', gates.pointersSaid)
  .effect('machine', launchMachine())
  .effect('trust', trustHost())
  .effect('reach', letMembersIn(), {
    when: ({ launch }) => launch.blueprint.securityGroupIds.length === 0,
    otherwise: notNeeded('The blueprint names security groups: they must let its members reach each other.'),
  })
  .effect('packages', installPackages())
  .effect('keys', newCertificate())
  .effect('passfile', keepPassfile(), {
    when: keepsPassfile,
    otherwise: notNeeded('It has no standby, or its host did not answer when the plan was made.'),
  })
  .effect('stop', stopOld(), {
    when: ({ probe }) => probe?.state === 'online',
    otherwise: notNeeded('PostgreSQL did not answer, or was down, when the plan was made.'),
  })
  .effect('terminate', terminateOld())
  .effect('attach', attachVolume())
  .effect('mount', stays(mountVolume()))
  .effect('cluster', configureCluster())
  .effect('files', stays(writeFiles()))
  .effect('start', startOnNew())
  .effect('register', rehost())
  .effect('names', pointNames())
  .build()

/** For the new address, by the authority that the herd has. */
function newCertificate(): Effect<ReplaceFacts, null, null> {
  return {
    ...(makeKeys() as Effect<ReplaceFacts, null, null>),
    title: 'Make a certificate',
    preview: (facts) => ({
      sentence: `Make a certificate for ${memberName(facts)} and its new address, by the authority of the herd.`,
      commands: [],
    }),
    ending: { final: 'The certificate is of use to the new machine alone.', harmless: true },
  }
}
