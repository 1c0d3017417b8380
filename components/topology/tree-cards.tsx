'use client'

import Link from 'next/link'
import type { DragEvent } from 'react'
import { formatAge, formatUtc, staleAfterMs } from '@/components/ui/time'
import type { Alarm, TreeLayout, TreeMember, TreeNode } from '@/lib/domain/replication/tree'
import type { Moving } from './use-moving'
import { lagParts, lagTone, lagWords, roleWords, stateTone } from './words'

// A herd of three levels fits beside the herd page's right column in a window of 1400 px.
export const cardWidth = 208
export const cardHeight = 92
export const gapX = 118
export const gapY = 18

const x = (node: TreeNode) => node.depth * (cardWidth + gapX)
const y = (node: TreeNode) => node.row * (cardHeight + gapY)

export const Edges = ({ layout }: { layout: TreeLayout }) => {
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

export const EdgeLabel = ({ node, member }: { node: TreeNode; member: TreeMember }) => (
  <div className="topo-label" style={{ left: x(node) - gapX + 29, top: y(node) + cardHeight / 2, width: gapX - 40 }} aria-hidden="true">
    <span className={`topo-lag st ${lagTone(member)}`}>
      {lagParts(member).map((part, index, all) => (
        <span key={part}>{index < all.length - 1 ? `${part}, ` : part}</span>
      ))}
    </span>
    <span>{member.syncState ?? 'sync not known'}</span>
  </div>
)

const labelOf = (member: TreeMember, age: string, moving: Moving | null): string => {
  const because = moving?.reasonFor(member.id)
  return [
    member.hostname,
    roleWords[member.role],
    member.state,
    member.timeline === null ? '' : `timeline ${member.timeline}`,
    member.role === 'standby' ? `lag ${lagWords(member)}` : '',
    member.replacedBecause === null ? '' : 'must not start as primary',
    age,
    moving?.held?.id === member.id ? 'picked up' : because === undefined ? '' : because === null ? 'may be its upstream' : because,
  ]
    .filter(Boolean)
    .join(', ')
}

/** Only a standby is dragged; everything may be dragged over, and says whether it takes the drop. */
const draggingOf = (member: TreeMember, moving: Moving) => ({
  draggable: member.role === 'standby',
  onDragStart: (event: DragEvent) => {
    event.dataTransfer.effectAllowed = 'move'
    event.dataTransfer.setData('text/plain', member.title)
    moving.pickUp(member.id)
  },
  onDragEnd: moving.letGo,
  onDragOver: (event: DragEvent) => {
    if (moving.takesDrop(member.id)) event.preventDefault()
  },
  onDrop: (event: DragEvent) => {
    event.preventDefault()
    moving.drop(member.id)
  },
})

export const MemberCard = ({
  node,
  member,
  level,
  alarms,
  now,
  isCurrent,
  onFocus,
  moving,
}: {
  node: TreeNode
  member: TreeMember
  level: number
  alarms: readonly Alarm[]
  now: number | null
  isCurrent: boolean
  onFocus: () => void
  /** null: this person may move nothing here. */
  moving: Moving | null
}) => {
  const isStale = member.observedAt === null || (now !== null && now - Date.parse(member.observedAt) > staleAfterMs)
  const isAlarmed = alarms.some((alarm) => alarm.ids.includes(member.id) && alarm.kind !== 'no-primary')
  const inactive = member.slots.filter((slot) => !slot.isActive).length
  const age = member.observedAt === null ? 'never observed' : now === null ? '' : `seen ${formatAge(member.observedAt, now)}`
  const because = moving?.reasonFor(member.id)
  const observed =
    member.observedAt === null ? 'Never observed' : `Observed ${formatUtc(member.observedAt)}${member.because ? `: ${member.because}` : ''}`
  return (
    <Link
      href={`/instances/${member.id}`}
      prefetch={false}
      role="treeitem"
      aria-level={level}
      aria-label={labelOf(member, age, moving)}
      className="topo-card"
      data-key={node.key}
      data-role={member.role}
      data-alarm={isAlarmed || undefined}
      data-stale={isStale || undefined}
      data-held={moving?.held?.id === member.id || undefined}
      data-target={because === undefined ? undefined : because === null ? 'legal' : 'illegal'}
      tabIndex={isCurrent ? 0 : -1}
      onFocus={onFocus}
      {...(moving ? draggingOf(member, moving) : { draggable: false })}
      style={{ left: x(node), top: y(node), width: cardWidth, height: cardHeight }}
      title={because ?? member.replacedBecause ?? observed}
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
      {because ? (
        <span className="topo-line topo-because">{because}</span>
      ) : member.replacedBecause !== null ? (
        <span className="topo-line st bad">must not start as primary</span>
      ) : (
        <span className="topo-line">
          <span className={isStale ? 'st warn' : undefined}>{isStale ? `stale, ${age}` : age}</span>
          {member.slots.length > 0 && (
            <span>
              {member.slots.length} {member.slots.length === 1 ? 'slot' : 'slots'}
              {inactive > 0 && `, ${inactive} inactive`}
            </span>
          )}
        </span>
      )}
    </Link>
  )
}

/** Primary: filled square. Standby: ring. Not known: dashed square. The word stands beside it. */
const RoleShape = ({ of }: { of: TreeMember['role'] }) => <span className="topo-role" data-role={of} aria-hidden="true" />

export const OutsideCard = ({ node }: { node: TreeNode }) => (
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
