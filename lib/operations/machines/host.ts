import { z } from 'zod'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { pass, passBecause, refuse } from '@/lib/kernel/operation/verdict'
import type { InventoryMachine } from '@/lib/ports'
import type { HerdFacts, Place, Plain } from '../facts/instance'
import { commandsOf, gatherHerd } from '../facts/instance'
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd } from '../facts/instance-head'
import type { NameMove } from '../facts/names'
import { isUnder } from '../facts/peers'
import { clientsWarned, lossOf, standbysWarned, transactionsWarned } from '../gates/impact'
import { seenRow } from '../gates/seen'
import { gatherLeaving, returning, targetsAmong } from '../resize/facts'
import { hasUpstream, isStandby, namesLeft, othersLeft } from '../resize/gates'
import { moveNames } from '../steps/dns/move-name'
import { watchResolvers } from '../steps/dns/watch-resolvers'
import { stillNoPrimary } from '../steps/postgres/still'
import { stopPostgres } from '../steps/postgres/stop'
import { catchUp } from '../steps/replication/catch-up'
import { startFollowing } from '../steps/replication/start-following'
import { type StopInput, stopInput, stopOf } from '../steps/stop-input'
import { rebootHost } from './boot'

type HostFacts = HerdFacts & {
  input: StopInput
  /** null: none is tied to its server, and the host reboots itself. */
  machine: Plain<InventoryMachine> | null
  neighbours: string[]
  upstream: Place | null
  leave: NameMove[]
  alone: string[]
}

const self = (facts: HostFacts) => facts.instance

export const onlyHere = ({ neighbours }: Pick<HostFacts, 'neighbours'>) =>
  neighbours.length === 0 ? pass : refuse(`The host stops with all on it, and ${neighbours.join(', ')} would stop too.`)

const howItReboots = ({ machine }: HostFacts) =>
  machine === null
    ? passBecause('No machine of a cloud account is tied to it: `sudo -n systemctl reboot` over SSH, which the SSH user must be let do.')
    : passBecause(`EC2 reboots ${machine.title} (${machine.instanceId}).`)

export const rebootOwnHost = defineOperation({
  name: 'reboot-host',
  on: 'instance',
  role: 'dba',
  title: 'Reboot the host',
  verb: 'Reboot host',
  danger: 'disruptive',
  input: z.strictObject(stopInput),
  help: [
    'Reboots the host of a standby, for a new kernel or a hung host. The standby leaves the DNS names that it shares, PostgreSQL stops, the host reboots, and once it is back with another boot id and the standby streams and has caught up, it returns to its names.',
    'A machine of a cloud account is rebooted by EC2; any other host by `sudo -n systemctl reboot` over SSH.',
    'A primary is refused: use Rolling reboot on its herd. So is a host with other instances on it.',
  ],
  gather: async (ports, input, context): Promise<HostFacts> => {
    const herd = await gatherHerd(ports, context, input.mode)
    const { serverId, herdId, title } = herd.instance
    const [machine, onServer, members] = await Promise.all([
      ports.inventory.serverMachine(serverId),
      ports.inventory.serverInstances(serverId),
      ports.inventory.herdInstances(herdId),
    ])
    const names = await gatherLeaving(ports, herdId, targetsAmong(members, herd.others), context.signal)
    const places = members.map((one) => ({ ...one, commands: commandsOf(ports.postgres, one, input.mode) }))
    const upstream = places.find((one) => isUnder(herd.probe, one)) ?? null
    return { ...herd, ...names, input, machine, upstream, neighbours: onServer.filter((one) => one !== title) }
  },
  about: aboutInstance,
  firm: (facts) => ({
    ...firmInstance(facts),
    machine: facts.machine,
    upstream: facts.upstream?.id ?? null,
    leave: facts.leave,
    neighbours: facts.neighbours,
  }),
  managed: { deed: 'restart', servers: 'instance' },
  locks: lockHerd,
  interrupts: interruptsIt,
  now: herdNow,
  affected: (facts) => lossOf(facts, { mode: facts.input.mode, moment: 'while its host reboots', isBack: true }),
  offered: (row) => isStandby(seenRow(row)),
})
  .gate('standby', 'Answers as a standby', ({ probe }) => isStandby(probe))
  .gate('alone', 'Nothing else runs on the host', onlyHere)
  .gate('how', 'How it reboots', howItReboots)
  .gate('upstream', 'It streams', hasUpstream)
  .gate('others', 'Another standby is left', othersLeft)
  .gate('names', 'It can leave its DNS names', namesLeft)
  .gate('clients', 'No client connections', (facts) => clientsWarned(facts, 'they are cut and have to connect again'))
  .gate('transactions', 'No open transactions', (facts) => transactionsWarned(facts, 'they are rolled back'))
  .gate('standbys', 'No standby streams from this instance', (facts) => standbysWarned(facts, 'while its host reboots'))
  .effect(
    'leave-names',
    moveNames<HostFacts>(({ leave }) => leave, stillNoPrimary(self), {
      title: 'Leave the DNS names',
      none: 'It shares no DNS name with other members.',
    }),
  )
  .effect(
    'watch-left',
    watchResolvers<HostFacts>(({ leave }) => leave),
  )
  .effect('stop', stopPostgres<HostFacts>(self, { mode: stopOf.mode, timeoutMs: stopOf.timeoutMs, still: stillNoPrimary(self) }))
  .effect(
    'reboot',
    rebootHost<HostFacts>(({ instance, machine }) => ({
      title: instance.address.host.hostname,
      host: instance.address.host,
      machine,
      places: [instance],
    })),
  )
  .effect('start', {
    ...startFollowing<HostFacts>(self, ({ upstream }) => upstream!),
    isRedone: () => true,
  })
  .effect(
    'catch-up',
    catchUp<HostFacts>(self, ({ upstream }) => upstream),
  )
  .effect('return-names', {
    ...moveNames<HostFacts>(returning, stillNoPrimary(self), { title: 'Return to the DNS names', none: 'It left no DNS name.' }),
    isRedone: () => true,
  })
  .build()
