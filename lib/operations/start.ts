import { z } from 'zod'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { passBecause, refuse } from '@/lib/kernel/operation/verdict'
import { gatherHerd, isDown } from './facts/instance'
import { aboutInstance, firmInstance, herdNow, lockHerd } from './facts/instance-head'
import { gained } from './gates/impact'
import { otherPrimary, silentMembers, silentOf } from './gates/other-primary'
import { seenRow, wasSeen } from './gates/seen'
import { startPostgres } from './steps/postgres/start'

export const start = defineOperation({
  name: 'start',
  on: 'instance',
  role: 'operator',
  title: 'Start PostgreSQL',
  verb: 'Start',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Starts a stopped server and waits until it accepts connections, as the primary or standby that its data directory makes it.',
    'A former primary whose herd has another primary is refused unless it has standby.signal: otherwise the herd would have two primaries.',
    'If it does not come up, it is stopped again.',
  ],
  gather: (ports, _input, context) => gatherHerd(ports, context),
  about: aboutInstance,
  // That somebody cannot be seen is warned of: whoever read the plan has answered for these, and for nobody else.
  firm: (facts) => ({ ...firmInstance(facts), silent: silentOf(facts) }),
  managed: { deed: 'start', servers: 'instance' },
  locks: lockHerd,
  now: herdNow,
  affected: gained,
  order: ({ probe }) => (probe.hasStandbySignal === true ? 1 : 0),
  offered: (row) => notRunning(seenRow(row)),
})
  .gate('stopped', 'Reachable and stopped', ({ probe }) => notRunning(probe))
  .gate('one-primary', 'The herd keeps one primary', otherPrimary)
  .gate('herd-seen', 'Every other member answers', silentMembers)
  .effect(
    'start',
    startPostgres((facts) => facts.instance),
  )
  .build()

const notRunning = (seen: Parameters<typeof wasSeen>[0]) => {
  if (seen.state === 'refused') return refuse('It runs already, but refuses the console.')
  const verdict = wasSeen(seen)
  if (verdict.verdict === 'refuse') return verdict
  if (isDown(seen.state))
    return seen.state === 'crashed' ? passBecause('It was not shut down cleanly and recovers when it starts.') : verdict
  return refuse(seen.state === 'online' ? 'It runs already.' : `It is ${seen.state} just now.`)
}
