'use client'

import { type Blocker, blockingTrees } from '@/lib/domain/activity/blocking'
import { sessionKey } from '@/lib/domain/activity/session'
import { counted } from '@/lib/domain/values/counted'
import { formatDuration } from '@/lib/domain/values/duration'
import type { MemberActivity } from '@/lib/shapes/activity'
import type { SessionTicks } from './sessions-table'
import { stateWords } from './shown'

const Node = ({ blocker, member, ticks }: { blocker: Blocker; member: MemberActivity; ticks: SessionTicks | null }) => {
  const { pid, session, waiting, waitingCount } = blocker
  const key = session && `${member.instanceId} ${sessionKey(session)}`
  return (
    <li>
      <div className="activity-blocker">
        {ticks && key !== null && (
          <input
            type="checkbox"
            aria-label={`Select session ${pid} on ${member.title}, which ${waitingCount === 0 ? 'waits' : 'blocks others'}`}
            checked={ticks.ticked.has(key)}
            onChange={(event) => ticks.onTick(key, event.target.checked)}
          />
        )}
        <div className="min-w-0">
          <p>
            <strong>{pid === 0 ? 'A prepared transaction' : pid}</strong>
            {session && (
              <>
                {' '}
                {[session.user, session.application, session.client, session.database].filter(Boolean).join(', ')}: {stateWords(session)}
                {session.stateSeconds !== null && ` for ${formatDuration(Math.floor(session.stateSeconds))}`}
                {session.transactionSeconds !== null && `, transaction open for ${formatDuration(Math.floor(session.transactionSeconds))}`}
              </>
            )}
            {waitingCount > 0 && <span className="activity-waiting"> blocks {counted(waitingCount, 'session')}</span>}
          </p>
          {session?.statement && <code className="activity-line">{session.statement}</code>}
        </div>
      </div>
      {waiting.length > 0 && (
        <ul>
          {waiting.map((one) => (
            <Node key={one.pid} blocker={one} member={member} ticks={ticks} />
          ))}
        </ul>
      )}
    </li>
  )
}

/** Who blocks whom: those at the top wait for nobody. */
export const Blocking = ({ members, ticks }: { members: readonly MemberActivity[]; ticks: SessionTicks | null }) => {
  const seen = members
    .map((member) => ({ member, trees: blockingTrees(member.activity?.sessions ?? []) }))
    .filter(({ trees }) => trees.length > 0)
  if (seen.length === 0) return <p className="text-ink-2">Nobody waits for a lock.</p>
  return seen.map(({ member, trees }) => (
    <div key={member.instanceId}>
      {members.length > 1 && <h3 className="font-semibold">{member.title}</h3>}
      <ul className="activity-tree">
        {trees.map((tree) => (
          <Node key={tree.pid} blocker={tree} member={member} ticks={ticks} />
        ))}
      </ul>
    </div>
  ))
}
