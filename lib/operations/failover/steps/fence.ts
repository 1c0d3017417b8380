import { Fault } from '@/lib/kernel/errors'
import type { Effect } from '@/lib/kernel/operation'
import type { InstanceRole } from '@/lib/ports'
import { isDown } from '../../facts'
import { lookAt } from '../../steps/server'
import type { FailoverFacts } from '../facts'

type Output = { controlState: string | null; hasStandbySignal: boolean; checkpointLsn: string | null }

const fileTimeoutMs = 15_000

/** standby.signal in the stopped old primary: from now on whoever starts it, a reboot included, gets a read-only server. */
export const fenceOld: Effect<FailoverFacts, null, Output> = {
  title: 'Fence the old primary',
  preview: ({ primary }) => ({
    sentence: `Write standby.signal into the stopped ${primary?.title}: whoever starts it now gets a read-only server.`,
    commands: [`touch ${primary?.address.dataDirectory}/standby.signal`],
  }),
  check: async ({ primary }, ports, { signal }) => {
    const probe = await lookAt(ports, primary!, signal)
    if (!isDown(probe.state)) {
      if (probe.state === 'online' && probe.role === ('standby' satisfies InstanceRole))
        return { found: 'done', output: { controlState: probe.controlState, hasStandbySignal: true, checkpointLsn: null } }
      return { found: 'blocked', because: `${primary!.title} is ${probe.state}, so it cannot be fenced` }
    }
    if (probe.hasStandbySignal !== true) return { found: 'ready', before: null }
    const disk = await ports.replication.dataDirectory(primary!.address, { timeoutMs: fileTimeoutMs, signal })
    return { found: 'done', output: { controlState: probe.controlState, hasStandbySignal: true, checkpointLsn: disk.checkpointLsn } }
  },
  run: async ({ primary }, _before, ports, { signal, note }) => {
    note('command', `touch ${primary!.address.dataDirectory}/standby.signal`)
    await ports.replicationAct.follow(primary!.address, null, { timeoutMs: fileTimeoutMs, signal })
  },
  timeoutMs: 60_000,
  ending: {
    undo: async ({ primary }, _before, _output, ports, { signal }) => {
      const probe = await lookAt(ports, primary!, signal)
      if (probe.hasStandbySignal !== true) return
      if (!isDown(probe.state))
        throw new Fault('step.unknown', {
          because: `${primary!.title} is ${probe.state} with standby.signal: it came up as a standby meanwhile`,
        })
      await ports.replicationAct.unfollow(primary!.address, { timeoutMs: fileTimeoutMs, signal })
    },
    sentence: 'If the job fails before the promotion, standby.signal is removed again.',
  },
}
