import { z } from 'zod'
import { counted } from '@/lib/domain/values/counted'
import { notNeeded } from '@/lib/kernel/operation/only-when'
import { restart } from '../restart'
import { isSame } from '../steps/postgres/restart'
import { rolling } from '.'
import type { RollMember } from './facts'

const settingsOf = ({ pending }: RollMember): string =>
  pending.map(({ name, value, pending }) => (value === null || pending === null ? name : `${name} ${value} → ${pending}`)).join(', ')

/** It has started anew since then. */
export const isRestarted = (now: RollMember, { probe }: RollMember): boolean =>
  !isSame(now.probe, { startedAt: probe.postmasterStartedAt, pid: probe.postmasterPid })

export const rollingRestart = rolling({
  name: 'rolling-restart',
  title: 'Restart the herd, member by member',
  verb: 'Rolling restart',
  help: [
    'Restarts the members of a herd one after the other while it goes on taking writes: the standbys first, each until it has caught up, then a switchover, then the former primary. For settings that wait for a restart.',
    'Members on which no setting waits are left out, unless all are asked for. A changed file that was not loaded yet is not seen: use Reload first.',
    'It is one job, and it holds the herd for its whole length. A cancel or a failure stops it between two members; what was restarted before stays as it is. Past the promotion of a switchover that switchover is completed first.',
    'Clients of a pooler in front of the herd wait for a moment. Clients that are connected to a member directly are cut when its turn comes.',
  ],
  input: {
    all: z.boolean().default(false).meta({
      title: 'Restart every member',
      description: 'Also those on which no setting waits for a restart.',
    }),
    timeoutSeconds: z
      .int()
      .min(5)
      .max(3600)
      .default(60)
      .meta({ title: 'Shutdown timeout (seconds)', description: 'How long the shutdown of one standby may take.' }),
  },
  member: restart,
  work: ({ all, timeoutSeconds }) => ({
    input: { mode: 'fast', timeoutSeconds },
    needless: (now, planned) => {
      // What does not answer has said nothing of its settings, and a check refuses it.
      if (now.probe.state !== 'online') return null
      if (isRestarted(now, planned)) return notNeeded('It has started anew since the plan was made.')
      return all || now.probe.pendingRestart.length > 0 ? null : notNeeded('No setting waits for a restart.')
    },
  }),
  now: (member) => {
    const count = member.probe.pendingRestart.length
    return count === 0 ? null : `${counted(count, 'setting')} ${count === 1 ? 'waits' : 'wait'} for a restart: ${settingsOf(member)}`
  },
})
