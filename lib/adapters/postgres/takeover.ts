import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { FirstCommit, TakeoverAct, TakeoverRead } from '@/lib/ports/takeover'
import type { Ssh } from '../ssh'
import { type Deadline, deadlineIn, remainingMs, within } from '../ssh/deadline'
import { makeStoppers } from './stopper'
import type { WarmPool } from './warm'

/** Between two looks over a connection that is open. */
const lookEveryMs = 2
/** SIGHUP wakes a startup process that sleeps until it tries again to reach its upstream; without it a promotion may take 5 s. It costs a standby next to nothing. */
const wakeEveryMs = 10

/** In its own transaction: flushed here, and nowhere else waited for. Leaves no object behind. */
const writeSql = `begin read write; set local synchronous_commit = local;
select pg_logical_emit_message(true, 'matriarch', ''); commit;
select pg_current_wal_lsn()::text as lsn, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int as timeline`

type Ask = <Row>(sql: string) => Promise<Row>

/** Over the warm session of the instance and one command on its host. `promoteByTool`: up to 11, where no function does it. */
export const makeTakeover = (
  ssh: Ssh,
  warm: WarmPool,
  promoteByTool: (instance: InstanceAddress, options: CallOptions) => Promise<void>,
): { read: TakeoverRead; act: TakeoverAct } => {
  const holding = <T>(instance: InstanceAddress, options: CallOptions, work: (ask: Ask, deadline: Deadline) => Promise<T>): Promise<T> => {
    const deadline = deadlineIn(options.timeoutMs, options.signal)
    return warm.hold(instance, deadline, ({ client }) => work(asking(client, deadline), deadline))
  }
  const stoppers = makeStoppers(ssh)
  return {
    read: {
      readyToStop: (instance, options) => stoppers.prepare(instance, options),
      untilReplayed: (instance, lsn, options) =>
        holding(instance, options, async (ask, deadline) => {
          for (;;) {
            const { at, leads } = await ask<{ at: string | null; leads: boolean }>(
              'select not pg_is_in_recovery() as leads, case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end::text as at',
            )
            if (at !== null && (leads || (lsnBytesBetween(lsn, at) ?? 0) > 0)) return at
            if (remainingMs(deadline) < lookEveryMs)
              throw new Fault('sql.timeout', {
                isOver: true,
                because: `It has replayed to ${at ?? 'nowhere'}, and the last record is at ${lsn}.`,
              })
            await moment(deadline)
          }
        }),
    },
    act: {
      writeRecord: (instance, options) => holding(instance, options, async (ask) => (await ask<FirstCommit>(writeSql)).lsn),
      stopAsStandby: async (instance, { onShutDown, ...options }) => {
        const stopper = stoppers.take(instance) ?? stoppers.start(instance, options)
        try {
          return await stopper.stop(options, onShutDown)
        } finally {
          warm.drop(instance)
        }
      },
      promoteAndCommit: async (instance, options) => {
        const isOld = Number.parseInt(instance.major ?? '', 10) < 12
        if (isOld) await promoteByTool(instance, options)
        return holding(instance, options, async (ask, deadline) => {
          if (!isOld) await ask('select case when pg_is_in_recovery() then pg_promote(false) end')
          await untilLeading(ask, deadline)
          return ask<FirstCommit>(writeSql)
        })
      },
    },
  }
}

const untilLeading = async (ask: Ask, deadline: Deadline): Promise<void> => {
  for (let wokenAt = performance.now(); ; ) {
    if ((await ask<{ leads: boolean }>('select not pg_is_in_recovery() as leads')).leads) return
    if (remainingMs(deadline) === 0)
      throw new Fault('sql.timeout', { because: 'The standby was told to promote, and is still in recovery.' })
    if (performance.now() - wokenAt >= wakeEveryMs) {
      await ask('select pg_reload_conf()')
      wokenAt = performance.now()
    }
    await moment(deadline)
  }
}

const asking =
  (client: { query: (sql: string) => Promise<unknown> }, deadline: Deadline): Ask =>
  async <Row>(sql: string) => {
    const late = () => new Fault('sql.timeout', { because: 'The server did not answer in time.' })
    const answer = (await within(client.query(sql), deadline, late)) as { rows: Row[] } | { rows: Row[] }[]
    return (Array.isArray(answer) ? answer.at(-1)! : answer).rows[0] as Row
  }

const moment = (deadline: Deadline): Promise<void> =>
  within(
    new Promise((resolve) => setTimeout(resolve, lookEveryMs)),
    deadline,
    () => new Fault('sql.timeout', { because: 'The deadline has passed.' }),
  )
