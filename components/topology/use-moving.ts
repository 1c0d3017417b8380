'use client'

import { useRouter } from 'next/navigation'
import { useMemo, useRef, useState } from 'react'
import type { TreeMember } from '@/lib/domain/replication/tree'
import { upstreamChoices, whyNotFollow } from '@/lib/domain/replication/who-may-follow'

export interface Moving {
  /** The standby that is picked up; null: none. */
  held: TreeMember | null
  /** Why the member may not be its upstream; null: it may; undefined: nothing is held, or it is the held one itself. */
  reasonFor: (id: string) => string | null | undefined
  /** Asked during a drag, where the page may not have been redrawn yet. */
  takesDrop: (id: string) => boolean
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
  const heldNow = useRef<string | null>(null)
  const hold = (id: string | null) => {
    heldNow.current = id
    setHeld(id)
  }
  const [announcement, setAnnouncement] = useState('')
  const held = members.find((member) => member.id === heldId) ?? null
  const choices = useMemo(
    () => new Map((held === null ? [] : upstreamChoices(held, members)).map(({ id, because }) => [id, because])),
    [held, members],
  )
  const reasonNow = (id: string): string | null | undefined => {
    const [standby, upstream] = [heldNow.current, id].map((one) => members.find((member) => member.id === one))
    return standby && upstream && standby !== upstream ? whyNotFollow(standby, upstream, members) : undefined
  }
  const nameOf = (id: string) => members.find((member) => member.id === id)?.hostname ?? 'this member'
  return {
    held,
    reasonFor: (id) => choices.get(id),
    takesDrop: (id) => reasonNow(id) === null,
    pickUp: (id) => {
      const member = members.find((one) => one.id === id)
      if (!member) return
      if (member.role !== 'standby') {
        setAnnouncement(`${member.hostname} is not a standby, so it cannot be repointed.`)
        return
      }
      const legal = upstreamChoices(member, members).filter(({ because }) => because === null)
      hold(id)
      setAnnouncement(
        `${member.hostname} is picked up. ${
          legal.length === 0
            ? 'It has no possible upstream now.'
            : `It can follow ${legal.map((one) => nameOf(one.id)).join(', ')}. Choose with the arrow keys, drop with Space, cancel with Escape.`
        }`,
      )
    },
    drop: (id) => {
      const standbyId = heldNow.current
      const because = reasonNow(id)
      if (standbyId === null || because === undefined) return
      if (because !== null) {
        setAnnouncement(because)
        return
      }
      setAnnouncement(`The plan of putting ${nameOf(standbyId)} under ${nameOf(id)} opens.`)
      hold(null)
      router.push(repointAddress(standbyId, id))
    },
    letGo: () => {
      if (heldNow.current !== null) setAnnouncement(`${nameOf(heldNow.current)} stays where it is.`)
      hold(null)
    },
    announcement,
  }
}
