import { z } from 'zod'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { gatherInstance } from './facts/instance'
import { aboutInstance, firmInstance, instanceNow } from './facts/instance-head'
import { acceptsConnections, seenRow } from './gates/seen'
import { checkpointPostgres } from './steps/postgres/checkpoint'

export const checkpoint = defineOperation({
  name: 'checkpoint',
  on: 'instance',
  role: 'operator',
  title: 'Checkpoint',
  verb: 'Checkpoint',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Writes all dirty buffers to disk at once, at full speed (on a standby: a restartpoint). Useful before a stop or a copy; it costs I/O while it runs.',
  ],
  gather: (ports, _input, context) => gatherInstance(ports, context),
  about: aboutInstance,
  firm: firmInstance,
  managed: { harmless: 'A checkpoint changes nothing that a manager decides.' },
  locks: () => [],
  now: instanceNow,
  offered: (row) => acceptsConnections(seenRow(row)),
  neverAsksPhrase: true,
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .effect(
    'checkpoint',
    checkpointPostgres((facts) => facts.instance),
  )
  .build()
