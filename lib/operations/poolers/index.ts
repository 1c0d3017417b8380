import { z } from 'zod'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notAsked } from '@/lib/kernel/operation/only-when'
import { pass, passBecause, refuse } from '@/lib/kernel/operation/verdict'
import {
  aboutPooler,
  clientsAffected,
  firmPooler,
  gatherPooler,
  isHeld,
  lockPoolerHerds,
  type PoolerFacts,
  poolerAnswers,
  poolerNow,
  seenPooler,
  sessionClients,
} from '../facts/poolers'
import { awaitClientsGone, closePooler, stopPooler } from '../steps/poolers/drain'
import { pausePoolers } from '../steps/poolers/pause'
import { reloadPooler } from '../steps/poolers/reload'
import { resumePoolers } from '../steps/poolers/resume'

type PauseFacts = PoolerFacts & { timeoutSeconds: number }

export const pausePooler = defineOperation({
  name: 'pause-pooler',
  on: 'pooler',
  role: 'operator',
  title: 'Pause the pooler',
  verb: 'Pause',
  danger: 'disruptive',
  input: z.strictObject({
    timeoutSeconds: z
      .int()
      .min(1)
      .max(60)
      .default(5)
      .meta({ title: 'Pause timeout (seconds)', description: 'Open transactions must have ended by then; else everything is resumed.' }),
  }),
  help: [
    'Holds the clients of every database back: running queries end, new ones wait without an error until the pooler is resumed.',
    'A transaction that stays open holds the pause up. After the time given everything is resumed, and whoever held it up is named with user, address and process.',
    'It stays paused until somebody resumes it, and is on the front page until then. PgBouncer cuts clients that wait longer than its query_wait_timeout (120 s unless set otherwise).',
  ],
  gather: async (ports, { timeoutSeconds }, context): Promise<PauseFacts> => ({ ...(await gatherPooler(ports, context)), timeoutSeconds }),
  about: aboutPooler,
  firm: firmPooler,
  locks: lockPoolerHerds,
  now: poolerNow,
  affected: (facts) => clientsAffected(facts, 'wait until it is resumed.'),
  offered: (row) => poolerAnswers(seenPooler(row)),
})
  .gate('answers', 'Its console answers', ({ seen }) => poolerAnswers(seen))
  .gate('whole', 'It is not paused as a whole', ({ seen }) =>
    seen.isPausedWhole ? refuse('Somebody paused it as a whole already; resume it first.') : pass,
  )
  .gate('databases', 'There is something to pause', ({ seen }) =>
    seen.state === 'online' && seen.databases.length === 0 ? refuse('It has no database.') : pass,
  )
  .gate('session', 'No client keeps its server', (facts) => sessionClients(facts, 'The pause will be given up unless they leave.'))
  .effect(
    'pause',
    pausePoolers(
      ({ pooler, seen }) => [{ pooler, databases: seen.databases.map(({ name }) => name) }],
      ({ timeoutSeconds }) => timeoutSeconds * 1000,
    ),
  )
  .build()

export const resumePooler = defineOperation({
  name: 'resume-pooler',
  on: 'pooler',
  role: 'operator',
  title: 'Resume the pooler',
  verb: 'Resume',
  danger: 'routine',
  input: z.strictObject({}),
  help: ['Resumes the clients of every database, whether single databases or the whole pooler was paused, and by whomever.'],
  gather: (ports, _input, context) => gatherPooler(ports, context),
  about: aboutPooler,
  firm: firmPooler,
  locks: lockPoolerHerds,
  now: poolerNow,
  affected: (facts) => clientsAffected(facts, 'are served again.'),
  offered: (row) => poolerAnswers(seenPooler(row)),
  neverAsksPhrase: true,
})
  .gate('answers', 'Its console answers', ({ seen }) => poolerAnswers(seen))
  .gate('paused', 'It is paused', (facts) => (isHeld(facts) ? pass : passBecause('Nothing in it is paused.')))
  .effect(
    'resume',
    resumePoolers(({ pooler }) => [{ pooler, databases: null }]),
  )
  .build()

export const reloadPoolerConfig = defineOperation({
  name: 'reload-pooler',
  on: 'pooler',
  role: 'operator',
  title: 'Reload the pooler’s configuration',
  verb: 'Reload',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Tells PgBouncer to read its file again. Server connections of databases that point elsewhere now are closed as they are released; no client notices.',
    'PgBouncer reports success even when its file has errors, so what it shows afterwards is part of the result. Settings that were changed by SET are lost.',
  ],
  gather: (ports, _input, context) => gatherPooler(ports, context),
  about: aboutPooler,
  firm: firmPooler,
  locks: lockPoolerHerds,
  now: poolerNow,
  offered: (row) => poolerAnswers(seenPooler(row)),
  neverAsksPhrase: true,
})
  .gate('answers', 'Its console answers', ({ seen }) => poolerAnswers(seen))
  .effect(
    'reload',
    reloadPooler(({ pooler }) => pooler),
  )
  .build()

type DrainFacts = PoolerFacts & { waitSeconds: number; stop: boolean }

export const drainPooler = defineOperation({
  name: 'drain-pooler',
  on: 'pooler',
  role: 'operator',
  title: 'Drain the pooler',
  verb: 'Drain',
  danger: 'disruptive',
  input: z.strictObject({
    waitSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(600)
      .meta({ title: 'Wait for clients', description: 'Seconds until the last client must have left; then it is opened again.' }),
    stop: z.boolean().default(true).meta({ title: 'Stop it then', description: 'End PgBouncer once nobody is connected.' }),
  }),
  help: [
    'Closes the pooler to new clients, waits until the last one has left, and stops it. Nobody is cut; clients that reconnect must find another pooler.',
    'When clients are left after the time given, it is opened again and nothing has changed. The console cannot start PgBouncer: its service on the host does.',
  ],
  gather: async (ports, { waitSeconds, stop }, context): Promise<DrainFacts> => ({
    ...(await gatherPooler(ports, context)),
    waitSeconds,
    stop,
  }),
  about: aboutPooler,
  firm: firmPooler,
  locks: lockPoolerHerds,
  now: poolerNow,
  affected: (facts) => clientsAffected(facts, 'must leave by themselves; new ones are rejected.'),
  offered: (row) => poolerAnswers(seenPooler(row)),
})
  .gate('answers', 'Its console answers', ({ seen }) => poolerAnswers(seen))
  .gate('paused', 'It is not paused', (facts) =>
    isHeld(facts) ? refuse('Clients of a paused pooler cannot leave; resume it first.') : pass,
  )
  .effect(
    'close',
    closePooler(({ pooler }) => pooler),
  )
  .effect(
    'wait',
    awaitClientsGone(
      ({ pooler }) => pooler,
      ({ waitSeconds }) => waitSeconds * 1000,
    ),
  )
  .effect(
    'stop',
    stopPooler(({ pooler }) => pooler),
    { when: ({ stop }) => stop, otherwise: notAsked('It stays closed to new clients, and runs on.') },
  )
  .build()
