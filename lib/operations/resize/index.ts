import { classOfType } from '@/lib/domain/machines/classes'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notNeeded } from '@/lib/kernel/operation/only-when'
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd } from '../facts/instance-head'
import { lossOf, standbysWarned } from '../gates/impact'
import { acceptsConnections, seenRow } from '../gates/seen'
import { moveNames } from '../steps/dns/move-name'
import { watchResolvers } from '../steps/dns/watch-resolvers'
import { armDeadMan } from '../steps/poolers/arm-dead-man'
import { stillNoPrimary } from '../steps/postgres/still'
import { stopPostgres } from '../steps/postgres/stop'
import { catchUp } from '../steps/replication/catch-up'
import { startFollowing } from '../steps/replication/start-following'
import { stopOf } from '../steps/stop-input'
import { noClients, noTransactions } from './clients'
import { changeClass } from './db'
import { either } from './either'
import { gatherResize, otherPrices, priceRow, type ResizeFacts, returning, wantedTypes } from './facts'
import { fits, hasMachine, hasUpstream, isAlone, isResizable, isStandby, keepsAddress, namesLeft, noPoolers, othersLeft } from './gates'
import { afterReturn, beforeStop, hasHooks, moveAway, moveBack, movesAway, movesBack } from './hooks'
import { resizeInput } from './input'
import { changeMachine } from './machine'
import { mustHold, readersGoOn, readerTimers, whileHeld } from './reader-timers'
import { drainReaders, drains, readersWait } from './readers'
import { hooksCanRun } from './scripts'

const self = (facts: ResizeFacts) => facts.instance
/** RDS stops and starts its servers itself. */
const onHost = { when: ({ db }: ResizeFacts) => db === null, otherwise: notNeeded('RDS stops and starts its server itself.') }

const dbRows = (facts: ResizeFacts) => {
  const { db, machine, input } = facts
  if (db === null || db.now === null || machine === null) return []
  const [from, to] = [db.now.class, classOfType(input.type)]
  const times = db.now.isMultiAz ? 2 : 1
  const others = wantedTypes(facts).slice(1).map(classOfType)
  return [{ label: 'Type', value: `${from} → ${to}` }, ...priceRow(facts, from, to, times), ...otherPrices(facts, others, times)]
}

export const resize = defineOperation({
  name: 'resize',
  on: 'instance',
  role: 'dba',
  title: 'Resize the machine',
  verb: 'Resize',
  danger: 'disruptive',
  input: resizeInput,
  help: [
    'Makes the EC2 machine of a standby another type. The standby leaves the DNS names that it shares, PostgreSQL and the machine stop, the type changes, the machine starts, and once the standby streams and has caught up it returns to its names.',
    'If EC2 has no capacity for the type, or refuses it, the fallbacks are tried in their order, then the former type. Where it has none of them for as long as asked, a type of at least the former size stands in, of another family or the next larger one, as the plan names them, and the job says so: the machine is not left stopped. If anything fails later, the machine gets its former type back.',
    'Hooks are run as its steps: before the stop, after the return, and to move clients away and back by DNS entries of /v1/api. Clients of poolers on other hosts that read from it are paused until it is back, and if one stays in a transaction nothing is stopped, unless asked otherwise. A timer on each pooler’s host resumes them if no worker is left.',
    'A primary is refused: switch over first. So is a machine with other instances on it, and one whose own disks would be lost.',
    'A DB instance of RDS becomes the class that runs on the type: RDS changes it where it is (ModifyDBInstance), and restarts its server once. Its pending values are waited for; if RDS has none of the classes to give, it stays what it is. A primary on RDS is resized where it is, and its herd takes no writes meanwhile.',
    'Prices are those of the newest list that the console has read of the region, with its source and day; where none was read, of its own list.',
  ],
  gather: gatherResize,
  about: aboutInstance,
  firm: (facts) => ({
    ...firmInstance(facts),
    machine: facts.machine,
    type: facts.now?.type ?? facts.db?.now?.class ?? null,
    upstream: facts.upstream?.id ?? null,
    leave: facts.leave,
    neighbours: facts.neighbours,
    hooks: facts.scripts.hooks,
    entries: facts.scripts.entries,
    clientsTo: facts.scripts.primary && { id: facts.scripts.primary.member.id, address: facts.scripts.primary.address },
    readers: facts.readers.targets,
  }),
  managed: { deed: 'resize', servers: 'instance' },
  locks: lockHerd,
  interrupts: interruptsIt,
  now: (facts) => [
    ...herdNow(facts),
    {
      label: 'Machine',
      value: facts.machine === null ? 'none is tied to its server' : `${facts.machine.title} (${facts.machine.instanceId})`,
    },
    ...dbRows(facts),
    ...(facts.now === null || facts.machine === null
      ? []
      : [
          { label: 'Type', value: `${facts.now.type} → ${facts.input.type}` },
          ...priceRow(facts, facts.now.type, facts.input.type),
          ...otherPrices(facts, wantedTypes(facts).slice(1)),
        ]),
  ],
  affected: (facts) => lossOf(facts, { mode: facts.input.mode, moment: 'while its machine changes', isBack: true }),
  offered: (row) => (row.manager === 'rds' ? acceptsConnections(seenRow(row)) : isStandby(seenRow(row))),
})
  .gate('standby', 'Answers as a standby', isResizable)
  .gate('machine', 'Its machine is known and runs', hasMachine)
  .gate('fits', 'The machine can become that type', fits)
  .gate('alone', 'Nothing else runs on the machine', isAlone)
  .gate('poolers', 'No pooler is on the machine', noPoolers)
  .gate('address', 'It keeps its address', keepsAddress)
  .gate('upstream', 'It streams', hasUpstream)
  .gate('others', 'Another standby is left', othersLeft)
  .gate('names', 'It can leave its DNS names', namesLeft)
  .gate('hooks', 'Its hooks can be run', hooksCanRun)
  .gate('readers', 'Poolers that read from it', readersWait)
  .gate('timers', 'The poolers’ hosts can resume clients on their own', readersGoOn)
  .gate('clients', 'No client connections', noClients)
  .gate('transactions', 'No open transactions', noTransactions)
  .gate('standbys', 'No standby streams from this instance', (facts) => standbysWarned(facts, 'while its machine changes'))
  .effect(
    'leave-names',
    moveNames<ResizeFacts>(({ leave }) => leave, stillNoPrimary(self), {
      title: 'Leave the DNS names',
      none: 'It shares no DNS name with other members.',
    }),
  )
  .effect('move-away', moveAway, movesAway)
  .effect(
    'watch-left',
    watchResolvers<ResizeFacts>(({ leave }) => leave),
  )
  .effect('arm-timers', armDeadMan(readerTimers), drains)
  .effect('drain-readers', whileHeld(drainReaders), drains)
  .effect('before-stop', whileHeld(beforeStop), hasHooks('before-stop'))
  .effect(
    'stop',
    whileHeld(stopPostgres<ResizeFacts>(self, { mode: stopOf.mode, timeoutMs: stopOf.timeoutMs, still: stillNoPrimary(self) }), {
      only: true,
    }),
    onHost,
  )
  .effect(
    'change-machine',
    whileHeld(
      either<ResizeFacts, { type: string }, { type: string }>(
        ({ db }) => db !== null,
        changeClass<ResizeFacts>(wantedTypes, mustHold),
        changeMachine(),
      ),
      { looks: true },
    ),
  )
  .effect('start', { ...whileHeld(startFollowing<ResizeFacts>(self, ({ upstream }) => upstream!)), isRedone: () => true }, onHost)
  .effect(
    'catch-up',
    whileHeld(
      catchUp<ResizeFacts>(self, ({ upstream }) => upstream),
      { looks: true },
    ),
    { when: ({ upstream }) => upstream !== null, otherwise: notNeeded('It streams from no member.') },
  )
  .effect('after-return', whileHeld(afterReturn), hasHooks('after-return'))
  .effect('move-back', whileHeld(moveBack), movesBack)
  .effect('return-names', {
    ...whileHeld(
      moveNames<ResizeFacts>(returning, stillNoPrimary(self), {
        title: 'Return to the DNS names',
        none: 'It left no DNS name.',
      }),
    ),
    isRedone: () => true,
  })
  .build()
