'use client'

import './topology.css'
import Link from 'next/link'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { LiveMark } from '@/components/run/live-mark'
import { useLive } from '@/components/run/use-live'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { formatAge, formatUtc, staleAfterMs } from '@/components/ui/time'
import { useNow } from '@/components/ui/zone'
import { type Alarm, layoutTree, stepFrom, type TreeLayout, type TreeMember, type TreeNode } from '@/lib/domain/replication-tree'
import { TopologyTable } from './topology-table'
import { lagTone, lagWords, roleWords, stateTone } from './words'

const cardWidth = 232
const cardHeight = 92
const gapX = 152
const gapY = 18

const x = (node: TreeNode) => node.depth * (cardWidth + gapX)
const y = (node: TreeNode) => node.row * (cardHeight + gapY)

const Edges = ({ layout }: { layout: TreeLayout }) => {
  const byKey = new Map(layout.nodes.map((node) => [node.key, node]))
  return layout.nodes.map((node) => {
    const parent = node.parentKey === null ? undefined : byKey.get(node.parentKey)
    if (!parent || !node.member) return null
    const [startX, startY] = [x(parent) + cardWidth, y(parent) + cardHeight / 2]
    const [endX, endY] = [x(node), y(node) + cardHeight / 2]
    const bend = startX + 28
    const isStreaming = node.member.state === 'online'
    return (
      <path
        key={node.key}
        d={`M ${startX} ${startY} H ${bend} V ${endY} H ${endX - 7}`}
        className="topo-edge"
        data-sync={node.member.syncState === 'sync' || node.member.syncState === 'quorum' || undefined}
        data-off={!isStreaming || undefined}
        markerEnd="url(#topo-arrow)"
      />
    )
  })
}

const EdgeLabel = ({ node, member }: { node: TreeNode; member: TreeMember }) => (
  <div
    className="topo-label"
    style={{ left: x(node) - gapX + 32, top: y(node) + cardHeight / 2 - 20, width: gapX - 44 }}
    aria-hidden="true"
  >
    <span className={`st ${lagTone(member)}`}>{lagWords(member)}</span>
    <span>{member.syncState ?? 'sync not known'}</span>
  </div>
)

const Card = ({
  node,
  member,
  level,
  alarms,
  now,
  isCurrent,
  onFocus,
}: {
  node: TreeNode
  member: TreeMember
  level: number
  alarms: readonly Alarm[]
  now: number | null
  isCurrent: boolean
  onFocus: () => void
}) => {
  const isStale = member.observedAt === null || (now !== null && now - Date.parse(member.observedAt) > staleAfterMs)
  const isAlarmed = alarms.some((alarm) => alarm.ids.includes(member.id) && alarm.kind !== 'no-primary')
  const inactive = member.slots.filter((slot) => !slot.isActive).length
  const age = member.observedAt === null ? 'never observed' : now === null ? '' : `seen ${formatAge(member.observedAt, now)}`
  return (
    <Link
      href={`/instances/${member.id}`}
      prefetch={false}
      role="treeitem"
      aria-level={level}
      aria-label={[
        member.hostname,
        roleWords[member.role],
        member.state,
        member.timeline === null ? '' : `timeline ${member.timeline}`,
        member.role === 'standby' ? `lag ${lagWords(member)}` : '',
        age,
      ]
        .filter(Boolean)
        .join(', ')}
      className="topo-card"
      data-key={node.key}
      data-role={member.role}
      data-alarm={isAlarmed || undefined}
      data-stale={isStale || undefined}
      tabIndex={isCurrent ? 0 : -1}
      onFocus={onFocus}
      style={{ left: x(node), top: y(node), width: cardWidth, height: cardHeight }}
      title={
        member.observedAt === null
          ? 'Never observed'
          : `Observed ${formatUtc(member.observedAt)}${member.because ? `: ${member.because}` : ''}`
      }
    >
      <span className="topo-head">
        <RoleShape of={member.role} />
        <strong>{member.hostname}</strong>
        {member.site && <span className="tag">{member.site}</span>}
      </span>
      <span className="topo-line">
        <span>{roleWords[member.role]}</span>
        <span className={`st ${stateTone(member.state)}`}>{member.state}</span>
      </span>
      <span className="topo-line">
        <span>{member.timeline === null ? 'timeline ?' : `timeline ${member.timeline}`}</span>
        {member.lsn && <code>{member.lsn}</code>}
      </span>
      <span className="topo-line">
        <span className={isStale ? 'st warn' : undefined}>{isStale ? `stale, ${age}` : age}</span>
        {member.slots.length > 0 && (
          <span>
            {member.slots.length} {member.slots.length === 1 ? 'slot' : 'slots'}
            {inactive > 0 && `, ${inactive} inactive`}
          </span>
        )}
      </span>
    </Link>
  )
}

/** Primary: filled square. Standby: ring. Not known: dashed square. The word stands beside it. */
const RoleShape = ({ of }: { of: TreeMember['role'] }) => <span className="topo-role" data-role={of} aria-hidden="true" />

const Outside = ({ node }: { node: TreeNode }) => (
  <div
    role="treeitem"
    tabIndex={-1}
    aria-level={1}
    aria-label={`${node.label}, an upstream that is no member of this herd`}
    className="topo-card"
    data-key={node.key}
    data-role="outside"
    style={{ left: x(node), top: y(node), width: cardWidth, height: cardHeight }}
  >
    <span className="topo-head">
      <RoleShape of="unknown" />
      <strong>{node.label}</strong>
    </span>
    <span>An upstream that is no member of this herd, or not known under this address.</span>
  </div>
)

/**
 * A herd's replication tree, live. `url` answers GET with `{ members: TreeMember[] }`; it is read again when facts of the herd change. The same as a
 * table is one button away, and what a reader of the screen gets.
 */
export const ReplicationTree = ({ initial, url }: { initial: readonly TreeMember[]; url: string }) => {
  const [members, setMembers] = useState(initial)
  const [isTable, setTable] = useState(false)
  const [current, setCurrent] = useState<string | null>(null)
  const [failed, setFailed] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const help = useId()
  const now = useNow(1_000)
  const layout = useMemo(() => layoutTree(members), [members])
  const reading = useRef<AbortController | null>(null)
  useEffect(() => setMembers(initial), [initial])

  const read = async () => {
    reading.current?.abort()
    reading.current = new AbortController()
    try {
      const answer = await fetch(url, { signal: reading.current.signal, headers: { accept: 'application/json' } })
      if (!answer.ok) throw new Error(String(answer.status))
      setMembers(((await answer.json()) as { members: TreeMember[] }).members)
      setFailed(false)
    } catch (error) {
      if ((error as Error).name !== 'AbortError') setFailed(true)
    }
  }
  const live = useLive('/api/live/facts', {
    facts: (data) => {
      const changed = new Set(data as string[])
      if (changed.has('*') || members.some((member) => changed.has(member.id))) read()
    },
    records: (data) => {
      if ((data as string[]).some((name) => ['*', 'herd', 'instance', 'server'].includes(name))) read()
    },
  })

  if (members.length === 0) return <p className="text-ink-2">This herd has no members yet.</p>
  const focused = current !== null && layout.nodes.some((node) => node.key === current) ? current : layout.nodes[0]!.key
  return (
    <div className="grid min-w-0 gap-2">
      {layout.alarms.map((alarm) => (
        <Note key={alarm.kind} tone={alarm.kind === 'timeline' ? 'warn' : 'bad'} title={alarm.sentence} />
      ))}
      <div className="flex flex-wrap items-center gap-3">
        <LiveMark state={failed ? 'reconnecting' : live} />
        <p id={help} className="text-ink-2">
          Arrows show where WAL flows. The arrow keys walk the tree.
        </p>
        <Button isSmall className="ml-auto" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          As a table
        </Button>
      </div>
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
            onKeyDown={(event) => {
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
                <Card
                  key={node.key}
                  node={node}
                  member={node.member}
                  level={node.depth + 1}
                  alarms={layout.alarms}
                  now={now}
                  isCurrent={focused === node.key}
                  onFocus={() => setCurrent(node.key)}
                />
              ) : (
                <Outside key={node.key} node={node} />
              ),
            )}
            {layout.nodes.map(
              (node) => node.member && node.parentKey !== null && <EdgeLabel key={node.key} node={node} member={node.member} />,
            )}
          </div>
        </div>
      )}
    </div>
  )
}
