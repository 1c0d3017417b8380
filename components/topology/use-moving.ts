'use client'

import { useRouter } from 'next/navigation'
import { useMemo, useState } from 'react'
import type { TreeMember } from '@/lib/domain/replication-tree'
import { upstreamChoices } from '@/lib/domain/who-may-follow'

export interface Moving {
  /** The standby that is picked up; null: none. */
  held: TreeMember | null
  /** Why the member may not be its upstream; null: it may; undefined: nothing is held, or it is the held one itself. */
  reasonFor: (id: string) => string | null | undefined
  pickUp: (id: string) => void
  /** Opens the plan of the repoint where it is legal; else says why not and keeps holding. */
  drop: (id: string) => void
  letGo: () => void
  /** What a reader of the screen is told. */
  announcement: string
}

/** The plan of a repoint with its upstream chosen: nothing runs before a person has read and confirmed it. */
export const repointAddress = (standbyId: string, upstreamId: string): string =>
  `/instances/run/repoint?ids=${standbyId}&upstream=${upstreamId}`

/** Picking up a standby and putting it under another upstream, by mouse or by keys. */
export const useMoving = (members: readonly TreeMember[]): Moving => {
  const router = useRouter()
  const [heldId, setHeld] = useState<string | null>(null)
  const [announcement, setAnnouncement] = useState('')
  const held = members.find((member) => member.id === heldId) ?? null
  const choices = useMemo(
    () => new Map((held === null ? [] : upstreamChoices(held, members)).map(({ id, because }) => [id, because])),
    [held, members],
  )
  const nameOf = (id: string) => members.find((member) => member.id === id)?.hostname ?? 'this member'
  return {
    held,
    reasonFor: (id) => choices.get(id),
    pickUp: (id) => {
      const member = members.find((one) => one.id === id)
      if (!member) return
      if (member.role !== 'standby') {
        setAnnouncement(`${member.hostname} is no standby, so it cannot be put under another upstream.`)
        return
      }
      const legal = upstreamChoices(member, members).filter(({ because }) => because === null)
      setHeld(id)
      setAnnouncement(
        `${member.hostname} is picked up. ${
          legal.length === 0
            ? 'Nobody may be its upstream now.'
            : `It may follow ${legal.map((one) => nameOf(one.id)).join(', ')}. Choose with the arrow keys, drop with Space, Escape lets go.`
        }`,
      )
    },
    drop: (id) => {
      if (held === null) return
      const because = choices.get(id)
      if (because === undefined) return
      if (because !== null) {
        setAnnouncement(because)
        return
      }
      setAnnouncement(`The plan of putting ${held.hostname} under ${nameOf(id)} opens.`)
      setHeld(null)
      router.push(repointAddress(held.id, id))
    },
    letGo: () => {
      if (held !== null) setAnnouncement(`${held.hostname} stays where it is.`)
      setHeld(null)
    },
    announcement,
  }
}
