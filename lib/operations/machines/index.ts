import { z } from 'zod'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { returning } from '../resize/facts'
import { noPoolers } from '../resize/gates'
import { moveNames } from '../steps/dns/move-name'
import { watchResolvers } from '../steps/dns/watch-resolvers'
import { rebootHost } from './boot'
import type { MachineFacts } from './facts'
import * as facts from './facts'
import * as gates from './gates'
import { startMachine, stopMachine } from './power'
import { ranOn, startServers, stillNoneLeads, stopServers } from './servers'

const noInput = z.strictObject({})
const leave = moveNames<MachineFacts>(facts.namesOf, stillNoneLeads, {
  title: 'Leave the DNS names',
  none: 'What is on it shares no DNS name with other members.',
})
const comeBack = { title: 'Return to the DNS names', none: 'It left no DNS name.' }
const places = (of: MachineFacts) => facts.placesOf(of)

export const stop = defineOperation({
  name: 'stop-machine',
  on: 'machine',
  role: 'dba',
  title: 'Stop the machine',
  verb: 'Stop',
  danger: 'disruptive',
  input: noInput,
  help: [
    'Stops a machine of EC2 with everything on it: standbys leave the DNS names that they share, PostgreSQL shuts down, then the machine stops. Its volumes and their data stay, and go on costing.',
    'Refused while anything on it takes writes or cannot be seen, and where its own disks or its address would be lost.',
    'A standby that is stopped for long lets its slot keep WAL on its upstream.',
  ],
  gather: (ports, _input, context) => facts.gatherMachine(ports, context, false),
  about: facts.aboutMachine,
  firm: facts.firmMachine,
  managed: { deed: 'stop', servers: places },
  locks: facts.locksOf,
  interrupts: facts.interruptsAll,
  now: facts.machineRows,
  affected: (of) => gates.affectedOn(of, false),
  offered: gates.offeredIn('running'),
})
  .gate('state', 'It runs', gates.isIn('running'))
  .gate('market', 'It can be stopped', gates.mayStop)
  .gate('primary', 'Nothing on it takes writes', gates.noPrimary)
  .gate('disks', 'No data is lost', gates.disksStay)
  .gate('address', 'It keeps its address', gates.addressStays)
  .gate('standby', 'Another standby is left', gates.anotherStandby)
  .gate('synchronous', 'Commits need not wait', gates.commitsGoOn)
  .gate('standbys', 'No standby streams from it', gates.noneFollows)
  .gate('slots', 'No slot keeps WAL for it', gates.slotsGrow)
  .gate('names', 'It can leave its DNS names', gates.namesLeft)
  .gate('poolers', 'No pooler is on it', ({ machine }) => noPoolers(machine))
  .gate('clients', 'No client connections', gates.clientsSaid)
  .effect('leave-names', leave)
  .effect('watch-left', watchResolvers<MachineFacts>(facts.namesOf))
  .effect('stop-postgres', stopServers())
  .effect('stop-machine', stopMachine())
  .build()

export const start = defineOperation({
  name: 'start-machine',
  on: 'machine',
  role: 'dba',
  title: 'Start the machine',
  verb: 'Start',
  danger: 'routine',
  input: noInput,
  help: [
    'Starts a stopped machine of EC2 and the PostgreSQL on it, waits until its standbys stream, and returns them to their DNS names.',
    'Refused where a former primary is on it and another member takes writes by now: PostgreSQL may start with its host.',
    'Where EC2 has no capacity for its type the machine stays stopped, and the job says so: resize it to another type, or try again.',
  ],
  gather: (ports, _input, context) => facts.gatherMachine(ports, context, true),
  about: facts.aboutMachine,
  firm: facts.firmMachine,
  managed: { deed: 'start', servers: places },
  locks: facts.locksOf,
  now: facts.machineRows,
  offered: gates.offeredIn('stopped'),
  neverAsksPhrase: true,
})
  .gate('state', 'It is stopped', gates.isIn('stopped'))
  .gate('second', 'No second primary starts with it', gates.noSecondPrimary)
  .gate('names', 'Its DNS names can be read', gates.namesLeft)
  .effect('start-machine', startMachine())
  .effect('start-postgres', { ...startServers(facts.placesOf), isRedone: () => true })
  .effect('return-names', {
    ...moveNames<MachineFacts>(facts.namesOf, stillNoneLeads, comeBack),
    isRedone: () => true,
  })
  .build()

export const reboot = defineOperation({
  name: 'reboot-machine',
  on: 'machine',
  role: 'dba',
  title: 'Reboot the machine',
  verb: 'Reboot',
  danger: 'disruptive',
  input: noInput,
  help: [
    'Reboots a machine of EC2: standbys leave the DNS names that they share, PostgreSQL shuts down, EC2 reboots the machine, and once its standbys stream again they return to their names.',
    'Refused while anything on it takes writes or cannot be seen. For a whole herd with its primary use Rolling reboot.',
  ],
  gather: (ports, _input, context) => facts.gatherMachine(ports, context, false),
  about: facts.aboutMachine,
  firm: facts.firmMachine,
  managed: { deed: 'restart', servers: places },
  locks: facts.locksOf,
  interrupts: facts.interruptsAll,
  now: facts.machineRows,
  affected: (of) => gates.affectedOn(of, true),
  offered: gates.offeredIn('running'),
})
  .gate('state', 'It runs', gates.isIn('running'))
  .gate('server', 'A server is tied to it', gates.hasServer)
  .gate('primary', 'Nothing on it takes writes', gates.noPrimary)
  .gate('standby', 'Another standby is left', gates.anotherStandby)
  .gate('synchronous', 'Commits need not wait', gates.commitsGoOn)
  .gate('standbys', 'No standby streams from it', gates.noneFollows)
  .gate('names', 'It can leave its DNS names', gates.namesLeft)
  .gate('poolers', 'No pooler is on it', ({ machine }) => noPoolers(machine))
  .gate('clients', 'No client connections', gates.clientsSaid)
  .effect('leave-names', leave)
  .effect('watch-left', watchResolvers<MachineFacts>(facts.namesOf))
  .effect('stop-postgres', stopServers())
  .effect(
    'reboot',
    rebootHost<MachineFacts>((of) => ({
      title: of.machine.title,
      host: facts.placesOf(of)[0]!.address.host,
      machine: of.machine,
      places: facts.placesOf(of),
    })),
  )
  .effect('start-postgres', { ...startServers(ranOn), isRedone: () => true })
  .effect('return-names', {
    ...moveNames<MachineFacts>((of) => returning({ leave: facts.namesOf(of) }), stillNoneLeads, comeBack),
    isRedone: () => true,
  })
  .build()
