import { z } from 'zod'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { pass, passBecause, refuse } from '@/lib/kernel/operation/verdict'
import type { InventoryMachine } from '@/lib/ports'
import type { Plain } from '../facts/instance'
import { aboutInstance, herdNow, interruptsIt, lockHerd } from '../facts/instance-head'
import { lossOf } from '../gates/impact'
import { seenRow } from '../gates/seen'
import { isStandby } from '../resize/gates'
import { stopInput } from '../steps/stop-input'
import * as away from './away'
import { rebootHost } from './boot'

/** `machine` null: none is tied to its server, and the host reboots itself. */
type HostFacts = away.AwayFacts & { machine: Plain<InventoryMachine> | null }

export const onlyHere = ({ neighbours }: Pick<HostFacts, 'neighbours'>) =>
  neighbours.length === 0 ? pass : refuse(`The host stops with all on it, and ${neighbours.join(', ')} would stop too.`)

const howItReboots = ({ machine }: HostFacts) =>
  machine?.kind === 'rds'
    ? refuse('It is a DB instance of RDS, which has no host of ours.')
    : machine === null
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
    const facts = await away.gatherAway(ports, input, context)
    return { ...facts, machine: await ports.inventory.serverMachine(facts.instance.serverId) }
  },
  about: aboutInstance,
  firm: (facts) => ({ ...away.firmAway(facts), machine: facts.machine }),
  managed: { deed: 'restart', servers: 'instance' },
  locks: lockHerd,
  interrupts: interruptsIt,
  now: herdNow,
  affected: (facts) => lossOf(facts, { mode: facts.input.mode, moment: 'while its host reboots', isBack: true }),
  offered: (row) => isStandby(seenRow(row)),
})
  .gate('standby', 'Answers as a standby', away.standbyGate)
  .gate('alone', 'Nothing else runs on the host', onlyHere)
  .gate('how', 'How it reboots', howItReboots)
  .gates(away.awayGates('while its host reboots'))
  .effect('leave-names', away.leaveNames<HostFacts>())
  .effect('watch-left', away.watchLeft<HostFacts>())
  .effect('stop', away.stopAway<HostFacts>())
  .effect(
    'reboot',
    rebootHost<HostFacts>(({ instance, machine }) => ({
      title: instance.address.host.hostname,
      host: instance.address.host,
      machine,
      places: [instance],
    })),
  )
  .effect('start', away.startAway<HostFacts>())
  .effect('catch-up', away.catchUpAway<HostFacts>())
  .effect('return-names', away.returnNames<HostFacts>())
  .build()
