import { z } from 'zod'
import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notNeeded } from '@/lib/kernel/operation/only-when'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { isLeft, sayLaunched } from '../left'
import { deleteGroups, deleteVolumes, dropKeys, proveNothingLeft, terminateMachines, unregisterHerd } from './effects'
import { gatherTearDown, type TearDownFacts } from './facts'

const isLaunched = ({ launch, found }: TearDownFacts): Verdict => {
  if (launch.account === null) return refuse('It names no cloud account. Choose the one that it was launched in.')
  if (launch.herd !== null) return passBecause(`The herd ${launch.herd.name} was.`)
  const ids = found.flatMap(({ launched }) => isLeft(launched))
  return ids.length === 0
    ? refuse('Nothing was launched from it, and nothing on AWS carries its tag.')
    : warn('No herd of it is registered: what carries its tag is left of a launch that did not come to its end.')
}

const isSeen = ({ launch, unseen, found }: TearDownFacts): Verdict => {
  if (launch.account === null) return unknown('AWS was not asked.')
  if (unseen !== null) return unknown(unseen)
  const ids = found.flatMap(({ launched }) => isLeft(launched))
  return ids.length === 0
    ? warn('Nothing on AWS carries its tag any more: only the registrations are removed.')
    : passBecause(ids.join(', '))
}

const isNotNeeded = ({ needed, foreign }: TearDownFacts): Verdict => {
  if (foreign.length > 0)
    return refuse(
      `${foreign.join(', ')} ${foreign.length === 1 ? 'is' : 'are'} on a server that was not launched with it. Remove that member first.`,
    )
  return needed.length === 0
    ? pass
    : refuse(`${needed.join(' and ')} still ${needed.length === 1 ? 'needs' : 'need'} it. Remove that first.`)
}

const isUnused = ({ members }: TearDownFacts): Verdict => {
  const clients = members.reduce((sum, { probe }) => sum + (probe.clients ?? 0), 0)
  const silent = members.filter(({ probe }) => probe.clients === null).map(({ place }) => place.title)
  if (clients > 0) return warn(`${counted(clients, 'client is', 'clients are')} connected, and cut.`)
  return silent.length === 0 ? pass : warn(`Whether anybody is connected to ${silent.join(', ')} is not known.`)
}

export const tearDown = defineOperation({
  name: 'tear-down',
  on: 'blueprint',
  role: 'dba',
  title: 'Tear down a launched herd',
  verb: 'Tear down',
  danger: 'destructive',
  input: z.strictObject({}),
  help: [
    'Destroys the herd that was launched from the blueprint: its machines, its volumes with all data, and its security group, each named by id in the plan. Nothing else is touched.',
    'Then it looks for everything that carries the blueprint’s tag. If something is left, it is named with its price per month and the job needs attention; the registrations stay until nothing is left.',
    'No backup is taken. The blueprint stays, and can be launched again.',
  ],
  gather: gatherTearDown,
  about: ({ launch }) => ({ title: launch.title, environmentId: launch.environmentId, herdId: launch.herd?.id ?? null, serverId: null }),
  firm: ({ launch, found, needed, foreign }) => ({
    herd: launch.herd?.id ?? null,
    blueprint: launch.id,
    account: launch.account?.id ?? null,
    found: found.map(({ place, launched }) => ({ region: place.region, ids: isLeft(launched) })),
    needed,
    foreign,
  }),
  managed: { harmless: 'Its servers go altogether; what managed them goes with them.' },
  interrupts: ({ members }) => members,
  locks: ({ launch }) => [`blueprint:${launch.id}`, ...(launch.herd === null ? [] : [`herd:${launch.herd.id}`])],
  now: ({ launch, found, members }) => [
    { label: 'Herd', value: launch.herd?.name ?? 'none is registered' },
    ...members.map(({ place, probe }) => ({
      label: 'Member',
      value: `${place.title}${probe.clients === null ? '' : `, ${counted(probe.clients, 'client', 'clients')}`}`,
    })),
    ...found.flatMap(({ place, launched }) => sayLaunched(launched, launch).map((value) => ({ label: place.region, value }))),
  ],
})
  .gate('launched', 'A herd was launched from it', isLaunched)
  .gate('aws', 'All that it has on AWS is known', isSeen)
  .gate('needed', 'Nothing else needs it', isNotNeeded)
  .gate('clients', 'Nobody is connected', isUnused)
  .effect('machines', terminateMachines())
  .effect('volumes', deleteVolumes())
  .effect('groups', deleteGroups())
  .effect('prove', proveNothingLeft())
  .effect('keys', dropKeys())
  .effect('unregister', unregisterHerd(), {
    when: ({ launch }) => launch.herd !== null,
    otherwise: notNeeded('No herd of it is registered.'),
  })
  .build()
