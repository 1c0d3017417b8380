import { z } from 'zod'
import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notNeeded } from '@/lib/kernel/operation/only-when'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse, warn } from '@/lib/kernel/operation/verdict'
import { attachVolume } from '../attach'
import { hasVolume } from '../firm'
import { volumeMonth } from '../left'
import { launchMachine } from '../machine'
import { installPackages, makeKeys, mountVolume, writeFiles } from '../server'
import { letMembersIn } from '../standby/reach'
import { trustHost } from '../trust'
import { sayCosts } from './cost'
import { onEach } from './each'
import { canStop, gatherRest, isFresh, type RestFacts } from './facts'
import { areKept, canRelaunch, canResume, hasOnePrimary, isLaunched, isSeen, isUnused, keepsAddresses } from './gates'
import { adoptData, followAddresses, followPrimary, startMachines, startServers } from './resume'
import { keepPassfiles, noteResumed, noteStopped, proveShutDown, restMachines, stopServers } from './stop'

const about = ({ launch }: RestFacts) => ({
  title: launch.title,
  environmentId: launch.environmentId,
  herdId: launch.herd?.id ?? null,
  serverId: null,
})
const locks = ({ launch }: RestFacts): string[] => [`blueprint:${launch.id}`, ...(launch.herd === null ? [] : [`herd:${launch.herd.id}`])]
const firm = ({ launch, place, members, leading }: RestFacts) => ({
  herd: launch.herd?.id ?? null,
  account: launch.account?.id ?? null,
  place,
  leading,
  members: members.map(({ place: { id }, isPrimary, machine, volume, choices }) => ({
    id,
    isPrimary,
    machine: machine === null ? null : { id: machine.id, isRunning: isFresh({ machine }) },
    volume: volume?.id ?? null,
    choice: choices[0]?.type ?? null,
  })),
})
const now = (isStopped: boolean) => (facts: RestFacts) => [
  { label: 'Herd', value: facts.launch.herd?.name ?? 'none was launched' },
  ...facts.members.flatMap(({ place, probe, machine, volume }) => [
    {
      label: place.title,
      value: `${machine === null ? 'no machine' : `${machine.id} (${machine.type}, ${machine.market}, ${machine.state})`}${probe.clients === null ? '' : `, ${counted(probe.clients, 'client', 'clients')}`}`,
    },
    ...(volume === null
      ? []
      : [{ label: 'Its volume', value: `${volume.id}, ${volume.sizeGb} GB: ${volumeMonth(facts.launch, volume.sizeGb)}` }]),
  ]),
  ...sayCosts(facts, isStopped),
]
/** `isStopped`: what it takes for granted. Machines may have been stopped elsewhere. */
const offered =
  (isStopped: boolean) =>
  ({ herdId, stoppedAt }: Record<string, unknown>): Verdict => {
    if (herdId == null) return refuse('No herd was launched from it.')
    if ((stoppedAt != null) === isStopped) return pass
    return isStopped ? warn('It was not stopped here.') : refuse('It is stopped.')
  }

const shared = {
  on: 'blueprint',
  role: 'dba',
  input: z.strictObject({}),
  about,
  firm,
  locks,
} as const

export const stopHerd = defineOperation({
  ...shared,
  name: 'stop-herd',
  title: 'Stop a launched herd',
  verb: 'Stop',
  danger: 'disruptive',
  help: [
    'Shuts PostgreSQL down cleanly on every member, the primary first, so that its standbys receive all that it wrote; proves from the control files that nothing is missing; then stops the machines, the standbys’ first. What stays costs its volumes alone, which the plan names with their price.',
    'EC2 cannot stop a one-time spot machine: it is terminated, its data volume stays, and Resume attaches it to a new machine in the same zone. Refused where the data lie on such a machine’s system disk.',
    'Clients are cut and find nobody until Resume. The registrations stay; the console shows the herd as stopped and raises no alarm for it.',
  ],
  gather: gatherRest(false),
  managed: { deed: 'stop', servers: ({ launch }) => (launch.herd === null ? [] : [{ herdId: launch.herd.id }]) },
  interrupts: ({ members }) => members,
  now: now(true),
  offered: offered(false),
})
  .gate('launched', 'A herd was launched from it', isLaunched)
  .gate('aws', 'All that it has on AWS is known', isSeen)
  .gate('kept', 'The data stay', areKept)
  .gate('primary', 'One primary, and standbys that stream', hasOnePrimary)
  .gate('clients', 'Nobody is connected', isUnused)
  .effect('passfiles', keepPassfiles(), {
    when: ({ members }) => members.length > 1 && members.some((one) => one.machine !== null && !canStop(one)),
    otherwise: notNeeded('No system disk goes that another member’s password lies on.'),
  })
  .effect('postgres', stopServers())
  .effect('prove', proveShutDown())
  .effect('note', noteStopped())
  .effect('machines', restMachines())
  .build()

const isAnew = ({ members }: RestFacts): boolean => members.some(isFresh)
const ifAnew = { when: isAnew, otherwise: notNeeded('No machine is launched anew: each has what it had.') }
const ifVolumes = {
  when: (facts: RestFacts) => isAnew(facts) && hasVolume(facts),
  otherwise: notNeeded('No volume changes its machine.'),
}
const all = () => true

export const resumeHerd = defineOperation({
  ...shared,
  name: 'resume-herd',
  title: 'Resume a launched herd',
  verb: 'Resume',
  danger: 'routine',
  help: [
    'Starts the machines of a stopped herd; where one was terminated, launches another one in the zone of its volume, attaches and mounts the volume, and gives its data their configuration again. The data are not touched.',
    'Addresses, pinned host keys, the herd’s security group, certificates and what standbys follow are brought to what the machines have now. Then the primary starts, and the standbys stream.',
    'What it has made stays when it fails: solve what it names, and resume the job, or run Resume again.',
  ],
  gather: gatherRest(true),
  managed: { deed: 'start', servers: ({ launch }) => (launch.herd === null ? [] : [{ herdId: launch.herd.id }]) },
  now: now(false),
  offered: offered(true),
})
  .gate('launched', 'A herd was launched from it', isLaunched)
  .gate('aws', 'All that it has on AWS is known', isSeen)
  .gate('primary', 'Its primary is known', canResume)
  .gate('machines', 'A machine can be had for each', canRelaunch)
  .gate('addresses', 'Addresses stay', keepsAddresses)
  .effect('start-machines', startMachines(), {
    when: ({ members }) => members.some((one) => canStop(one) && !isFresh(one)),
    otherwise: notNeeded('No machine is stopped.'),
  })
  .effect(
    'launch',
    onEach(launchMachine(), {
      title: 'Launch machines in the zones of the volumes',
      sentence: 'Launch a machine in the zone of its volume, the first that EC2 has to give, for',
      of: ({ machine }) => machine === null,
      final: 'The machine serves the next Resume.',
    }),
    {
      when: ({ members }) => members.some(({ machine }) => machine === null),
      otherwise: notNeeded('Each member has its machine.'),
    },
  )
  .effect(
    'attach',
    onEach(attachVolume(), {
      title: 'Attach the volumes',
      sentence: 'Attach the volume that was kept to the machine of',
      of: (one) => isFresh(one) && one.volume !== null,
      final: 'The volume stays attached.',
    }),
    ifVolumes,
  )
  .effect(
    'trust',
    onEach(trustHost(), {
      title: 'Log in to the hosts',
      sentence:
        'Wait until the host shows its pinned key and lets the console in; of a new machine, the key is read from its console through EC2:',
      of: all,
      final: 'The tag goes with the machine.',
    }),
  )
  .effect('register', followAddresses())
  .effect(
    'reach',
    onEach(letMembersIn(), {
      title: 'Let the members reach each other',
      sentence: 'Let in the addresses that the members have now through the herd’s security group. Primary:',
      of: ({ isPrimary }) => isPrimary,
      final: 'The rules go with the security group.',
    }),
    {
      when: ({ launch, members }) => launch.blueprint.securityGroupIds.length === 0 && members.length > 1,
      otherwise: notNeeded('It has no other member, or security groups that the blueprint names.'),
    },
  )
  .effect(
    'volume',
    onEach(mountVolume(), {
      title: 'Mount the volumes',
      sentence: 'Mount the volume by its UUID, as it is, on',
      of: (one) => isFresh(one) && one.volume !== null,
      final: 'The volume stays mounted.',
    }),
    ifVolumes,
  )
  .effect(
    'packages',
    onEach(installPackages(), {
      title: 'Install PostgreSQL',
      sentence: 'Install PostgreSQL and the packages of its extensions on',
      of: isFresh,
      final: 'The packages go with the machine.',
    }),
    ifAnew,
  )
  .effect('adopt', adoptData(), ifAnew)
  .effect(
    'keys',
    onEach(makeKeys(), {
      title: 'Make certificates for the addresses',
      sentence: 'Make a certificate of the herd’s authority where the address is another one now, for',
      of: all,
      final: 'The certificate goes with the herd.',
    }),
  )
  .effect(
    'files',
    onEach(writeFiles(), {
      title: 'Write certificates and access rules',
      sentence: 'Write the certificate, its key for postgres alone, and pg_hba.conf on',
      of: all,
      final: 'They are what the blueprint says.',
    }),
  )
  .effect('follow', followPrimary(), {
    when: ({ members }) => members.length > 1,
    otherwise: notNeeded('It has no standby.'),
  })
  .effect('postgres', startServers())
  .effect('note', noteResumed())
  .build()
