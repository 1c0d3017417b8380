import { runsStatement, type Session, sessionKey } from '@/lib/domain/activity/session'
import { Fault } from '@/lib/kernel/ground/errors'
import type { ActivityAct, ActivityRead } from '@/lib/ports'
import type { Calls } from '../world/calls'
import type { MemoryInstance, World } from '../world/world'
import { actingOn, reached } from './instances'
import { isServing } from './probe'

const mustServe = (instance: MemoryInstance): MemoryInstance => {
  if (isServing(instance) && !instance.refusesLogin) return instance
  throw new Fault('sql.unreachable', { because: `${instance.inventory.title} does not accept the connection.`, isOver: true })
}

export const memoryActivityRead = (world: World): ActivityRead => ({
  look: async (address, options) => {
    const { sessions } = mustServe(await reached(world, address, options))
    return { at: world.clock.stamp(), sessions: structuredClone(sessions), leftOut: 0, prepared: [], progress: [] }
  },
})

/** Those that were blocked by one that goes, or by what is cancelled with its transaction, go on. */
const release = (instance: MemoryInstance, pid: number): void => {
  for (const session of instance.sessions) {
    if (!session.blockedBy.includes(pid)) continue
    session.blockedBy = session.blockedBy.filter((one) => one !== pid)
    if (session.blockedBy.length === 0) Object.assign(session, { waitType: null, wait: null })
  }
}

export const memoryActivityAct = (world: World, calls: Calls): ActivityAct => {
  const act = actingOn(world, calls)
  return {
    signal: (address, signal, targets, options) =>
      act(address, signal, options, (instance) => {
        mustServe(instance)
        instance.applied.push(signal)
        const isMeant = (session: Session) =>
          targets.some((one) => sessionKey(one) === sessionKey(session) && [null, session.statementAt].includes(one.statementAt))
        for (const session of instance.sessions.filter(isMeant)) {
          if (signal === 'terminate') instance.sessions = instance.sessions.filter((one) => one !== session)
          else if (!runsStatement(session)) continue
          else
            Object.assign(session, { state: session.transactionSeconds === null ? 'idle' : 'idle in transaction (aborted)', blockedBy: [] })
          release(instance, session.pid)
        }
      }),
  }
}
