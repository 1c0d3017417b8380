'use client'

import { useState } from 'react'
import { LinkButton } from '@/components/ui/button'
import type { TreeMember } from '@/lib/domain/replication/tree'
import { upstreamChoices } from '@/lib/domain/replication/who-may-follow'
import { repointAddress } from './use-moving'

/** The same as dragging, as two lists: which standby, and under whom. Upstreams that it may not follow are there with the reason. */
export const MoveForm = ({ members }: { members: readonly TreeMember[] }) => {
  const standbys = members.filter((member) => member.role === 'standby')
  const [standbyId, setStandby] = useState('')
  const [upstreamId, setUpstream] = useState('')
  const standby = standbys.find((member) => member.id === standbyId)
  const choices = standby === undefined ? [] : upstreamChoices(standby, members)
  const isLegal = choices.some(({ id, because }) => id === upstreamId && because === null)
  if (standbys.length === 0 || members.length < 2) return null
  return (
    <div className="flex flex-wrap items-end gap-2">
      <label className="grid gap-0.5">
        <span className="text-ink-2">Put</span>
        <select className="input" value={standbyId} onChange={(event) => setStandby(event.target.value)}>
          <option value="">a standby</option>
          {standbys.map((member) => (
            <option key={member.id} value={member.id}>
              {member.hostname}
            </option>
          ))}
        </select>
      </label>
      <label className="grid gap-0.5">
        <span className="text-ink-2">under</span>
        <select
          className="input max-w-80"
          value={upstreamId}
          disabled={standby === undefined}
          onChange={(event) => setUpstream(event.target.value)}
        >
          <option value="">an upstream</option>
          {choices.map(({ id, because }) => (
            <option key={id} value={id} disabled={because !== null}>
              {members.find((member) => member.id === id)?.hostname}
              {because !== null && `: ${because}`}
            </option>
          ))}
        </select>
      </label>
      {isLegal && standby ? (
        <LinkButton href={repointAddress(standby.id, upstreamId)}>Plan the repoint</LinkButton>
      ) : (
        <span className="text-ink-2 pb-1">A plan opens; nothing runs before you confirm it.</span>
      )}
    </div>
  )
}
