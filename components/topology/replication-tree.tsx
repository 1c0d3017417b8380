'use client'

import './topology.css'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { LiveMark } from '@/components/run/live-mark'
import { useLive } from '@/components/run/use-live'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { useNow } from '@/components/ui/zone'
import { layoutTree, stepFrom, type TreeMember } from '@/lib/domain/replication/tree'
import { answerOf, reads } from '@/lib/shapes/reads'
import { streams } from '@/lib/shapes/streams'
import { MoveForm } from './move-form'
import { TopologyTable } from './topology-table'
import { cardHeight, cardWidth, EdgeLabel, Edges, gapX, gapY, MemberCard, OutsideCard } from './tree-cards'
import { useMoving } from './use-moving'

/**
 * A herd's replication tree, live. They are read again when facts of the herd change. The same as a
 * table is one button away, and what a reader of the screen gets. With `canRepoint` a standby is dragged (or picked up with Space) onto another upstream,
 * which opens the plan of a repoint.
 */
export const ReplicationTree = ({
  herdId,
  initial,
  canRepoint,
  isStopped,
}: {
  herdId: string
  initial: readonly TreeMember[]
  canRepoint: boolean
  /** On purpose: that nobody is primary is no alarm. */
  isStopped: boolean
}) => {
  const [members, setMembers] = useState(initial)
  const [isTable, setTable] = useState(false)
  const [current, setCurrent] = useState<string | null>(null)
  const [failed, setFailed] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const help = useId()
  const now = useNow(1_000)
  const layout = useMemo(() => layoutTree(members), [members])
  const alarms = layout.alarms.filter(({ kind }) => !isStopped || kind !== 'no-primary')
  const mover = useMoving(members)
  const moving = canRepoint ? mover : null
  const reading = useRef<AbortController | null>(null)
  useEffect(() => setMembers(initial), [initial])

  const read = async () => {
    reading.current?.abort()
    reading.current = new AbortController()
    try {
      const address = reads.herd(herdId)
      const answer = await fetch(address, { signal: reading.current.signal, headers: { accept: 'application/json' } })
      if (!answer.ok) throw new Error(String(answer.status))
      setMembers((await answerOf(address, answer)).members)
      setFailed(false)
    } catch (error) {
      if ((error as Error).name !== 'AbortError') setFailed(true)
    }
  }
  useLive(streams.changes, {
    facts: (ids) => {
      const changed = new Set(ids)
      if (changed.has('*') || members.some((member) => changed.has(member.id))) read()
    },
    records: (names) => {
      if (names.some((name) => ['*', 'herd', 'instance', 'server'].includes(name))) read()
    },
  })

  if (members.length === 0) return <p className="text-ink-2">This herd has no members yet.</p>
  const moveWithKeys = (key: string): boolean => {
    if (moving === null) return false
    if (key === 'Escape' && moving.held) moving.letGo()
    else if (key === ' ' && !moving.held) moving.pickUp(focused)
    else if ((key === ' ' || key === 'Enter') && moving.held) {
      if (focused === moving.held.id) moving.letGo()
      else moving.drop(focused)
    } else return false
    return true
  }
  const focused = current !== null && layout.nodes.some((node) => node.key === current) ? current : layout.nodes[0]!.key
  return (
    <div className="grid min-w-0 gap-2">
      {alarms.map((alarm) => (
        <Note key={alarm.kind} tone={alarm.kind === 'timeline' ? 'warn' : 'bad'} title={alarm.sentence} />
      ))}
      <div className="flex flex-wrap items-center gap-3">
        {failed && <LiveMark state="reconnecting" />}
        <p id={help} className="text-ink-2">
          Arrows show where WAL flows. The arrow keys walk the tree
          {canRepoint ? ', Space picks up a standby to repoint it; dragging does the same.' : '.'}
        </p>
        <Button isSmall className="ml-auto" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          As a table
        </Button>
      </div>
      {canRepoint && (
        <p className="sr-only" role="status">
          {mover.announcement}
        </p>
      )}
      {isTable ? (
        <TopologyTable layout={layout} now={now} />
      ) : (
        <div className="topo-scroll">
          <div
            ref={box}
            role="tree"
            aria-label="Replication tree"
            aria-describedby={help}
            className="topo"
            style={{
              width: layout.depth * cardWidth + (layout.depth - 1) * gapX,
              height: layout.rows * cardHeight + (layout.rows - 1) * gapY,
            }}
            data-moving={moving?.held ? '' : undefined}
            onKeyDown={(event) => {
              if (moveWithKeys(event.key)) {
                event.preventDefault()
                return
              }
              const next = stepFrom(layout, focused, event.key)
              if (next === null) return
              event.preventDefault()
              setCurrent(next)
              box.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(next)}"]`)?.focus()
            }}
          >
            <svg className="topo-edges" aria-hidden="true">
              <title>Replication</title>
              <defs>
                <marker id="topo-arrow" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="8" markerHeight="8" orient="auto">
                  <path d="M0 0 L8 4 L0 8 z" className="topo-arrow" />
                </marker>
              </defs>
              <Edges layout={layout} />
            </svg>
            {layout.nodes.map((node) =>
              node.member ? (
                <MemberCard
                  key={node.key}
                  node={node}
                  member={node.member}
                  level={node.depth + 1}
                  alarms={alarms}
                  now={now}
                  isCurrent={focused === node.key}
                  onFocus={() => setCurrent(node.key)}
                  moving={moving}
                />
              ) : (
                <OutsideCard key={node.key} node={node} />
              ),
            )}
            {layout.nodes.map(
              (node) => node.member && node.parentKey !== null && <EdgeLabel key={node.key} node={node} member={node.member} />,
            )}
          </div>
        </div>
      )}
      {canRepoint && <MoveForm members={members} />}
    </div>
  )
}
