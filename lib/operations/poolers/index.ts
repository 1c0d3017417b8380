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
    timeoutSeconds: z.int().min(1).max(60).default(5).meta({
      title: 'Pause timeout (seconds)',
      description: 'Open transactions must end within this time; otherwise everything is resumed.',
    }),
  }),
  help: [
    'Pauses the clients of every database: running queries finish, new ones wait without an error until the pooler is resumed.',
    'An open transaction delays the pause. After the timeout everything is resumed, and the result names the clients in a transaction with user, address and process.',
    'It stays paused until somebody resumes it, and is on the front page until then. PgBouncer cuts clients that wait longer than its query_wait_timeout (120 s unless set otherwise).',
  ],
  gather: async (ports, { timeoutSeconds }, context): Promise<PauseFacts> => ({ ...(await gatherPooler(ports, context)), timeoutSeconds }),
  about: aboutPooler,
  firm: firmPooler,
  managed: { harmless: 'It acts on PgBouncer alone.' },
  locks: lockPoolerHerds,
  holdsUp: ({ pooler }) => pooler,
  now: poolerNow,
  affected: (facts) => clientsAffected(facts, 'wait until it is resumed.'),
  offered: (row) => poolerAnswers(seenPooler(row)),
})
  .gate('answers', 'The admin console answers', ({ seen }) => poolerAnswers(seen))
  .gate('whole', 'Not paused as a whole', ({ seen }) =>
    seen.isPausedWhole ? refuse('It is already paused as a whole; resume it first.') : pass,
  )
  .gate('databases', 'There is something to pause', ({ seen }) =>
    seen.state === 'online' && seen.databases.length === 0 ? refuse('It has no database.') : pass,
  )
  .gate('session', 'No session pooling', (facts) => sessionClients(facts, 'The pause times out unless they disconnect.'))
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
  help: ['Resumes the clients of every database, whoever paused them, and whether single databases or the whole pooler is paused.'],
  gather: (ports, _input, context) => gatherPooler(ports, context),
  about: aboutPooler,
  firm: firmPooler,
  managed: { harmless: 'It acts on PgBouncer alone.' },
  locks: lockPoolerHerds,
  now: poolerNow,
  affected: (facts) => clientsAffected(facts, 'are served again.'),
  offered: (row) => poolerAnswers(seenPooler(row)),
  neverAsksPhrase: true,
})
  .gate('answers', 'The admin console answers', ({ seen }) => poolerAnswers(seen))
  .gate('paused', 'Paused', (facts) => (isHeld(facts) ? pass : passBecause('Nothing in it is paused.')))
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
    'Tells PgBouncer to read its file again. Server connections of databases that now point elsewhere are closed when they are released; no client notices.',
    'PgBouncer reports success even when its file has errors, so the result includes what PgBouncer shows afterwards. Settings changed with SET are lost.',
  ],
  gather: (ports, _input, context) => gatherPooler(ports, context),
  about: aboutPooler,
  firm: firmPooler,
  managed: { harmless: 'It acts on PgBouncer alone.' },
  locks: lockPoolerHerds,
  now: poolerNow,
  offered: (row) => poolerAnswers(seenPooler(row)),
  neverAsksPhrase: true,
})
  .gate('answers', 'The admin console answers', ({ seen }) => poolerAnswers(seen))
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
    waitSeconds: z.int().min(1).max(86_400).default(600).meta({
      title: 'Wait for clients (seconds)',
      description: 'How long the last client may take to disconnect. After that the pooler is opened again.',
    }),
    stop: z.boolean().default(true).meta({ title: 'Stop PgBouncer afterwards', description: 'End PgBouncer once nobody is connected.' }),
  }),
  help: [
    'Rejects new clients, waits until the last client has disconnected, and stops PgBouncer. Nobody is disconnected; clients that reconnect must find another pooler.',
    'If clients remain after the timeout, the pooler is opened again and nothing has changed. The console cannot start PgBouncer; its service on the host does.',
  ],
  gather: async (ports, { waitSeconds, stop }, context): Promise<DrainFacts> => ({
    ...(await gatherPooler(ports, context)),
    waitSeconds,
    stop,
  }),
  about: aboutPooler,
  firm: firmPooler,
  managed: { harmless: 'It acts on PgBouncer alone.' },
  locks: lockPoolerHerds,
  holdsUp: ({ pooler }) => pooler,
  now: poolerNow,
  affected: (facts) => clientsAffected(facts, 'must leave by themselves; new ones are rejected.'),
  offered: (row) => poolerAnswers(seenPooler(row)),
})
  .gate('answers', 'The admin console answers', ({ seen }) => poolerAnswers(seen))
  .gate('paused', 'Not paused', (facts) => (isHeld(facts) ? refuse('Clients of a paused pooler cannot finish; resume it first.') : pass))
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
    { when: ({ stop }) => stop, otherwise: notAsked('It stays closed to new clients and keeps running.') },
  )
  .build()
