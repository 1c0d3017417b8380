import { z } from 'zod'
import type { FaultKind } from '@/lib/domain/drill/faults'

const fault = (title: string, description: string, isOn = false) => z.boolean().default(isOn).meta({ title, description })

export const drillInput = z.strictObject({
  sessions: fault(
    'Sessions ended',
    'Ends the writers’ own sessions on the primary (pg_terminate_backend). No other session is touched.',
    true,
  ),
  restart: fault('Rolling restart', 'Restarts every member, standbys first: through Patroni where it manages the herd.'),
  switchover: fault(
    'Switchover',
    'Hands over to another member through Patroni. For a herd of Matriarch’s own use Switch over, which has a canary.',
  ),
  killPostgres: fault('Kill PostgreSQL', 'kill -9 of the postmaster on the primary. Applications lose their connections, too.'),
  stopPatroni: fault('Stop Patroni', 'kill -15 of Patroni on the leader: it shuts its server down, and a standby takes over.'),
  killPatroni: fault('Kill Patroni', 'kill -9 of Patroni on the leader: its server goes on without it.'),
  killEtcd: fault('Kill an etcd member', 'kill -9 of one etcd member that is not the leader of etcd, on a host of the herd.'),
  downSeconds: z.int().min(1).max(120).default(8).meta({
    title: 'Down for (seconds)',
    description: 'How long what was killed stays down before the console starts it again, unless it comes back by itself.',
  }),
  workload: z.enum(['transfers', 'rows']).default('transfers').meta({
    title: 'Workload',
    description:
      'transfers: in one transaction a row and money from one of 100 accounts to another, which adds one to their sum. rows: one row a commit.',
  }),
  writers: z.int().min(1).max(16).default(4).meta({ title: 'Writers', description: 'Clients that commit at the same time, in all.' }),
  perSecond: z
    .int()
    .min(1)
    .max(500)
    .default(40)
    .meta({ title: 'Rate (commits per second)', description: 'Of all writers together, at most.' }),
  calmSeconds: z.int().min(1).max(60).default(3).meta({
    title: 'Calm before and after (seconds)',
    description: 'How long writers commit before each fault, and once the herd is whole again.',
  }),
  minutes: z.int().min(1).max(60).default(20).meta({
    title: 'Time limit (minutes)',
    description: 'No further fault begins after that.',
  }),
})

export type DrillInput = z.infer<typeof drillInput>

const asked: Readonly<Record<FaultKind, keyof DrillInput>> = {
  sessions: 'sessions',
  restart: 'restart',
  switchover: 'switchover',
  'kill-postgres': 'killPostgres',
  'stop-patroni': 'stopPatroni',
  'kill-patroni': 'killPatroni',
  'kill-etcd': 'killEtcd',
}

export const isAsked = (input: DrillInput, kind: FaultKind): boolean => input[asked[kind]] === true
