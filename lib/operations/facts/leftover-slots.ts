import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, warn } from '@/lib/kernel/operation/verdict'
import type { Place } from './instance'
import { isUnder, type Peer, slotNameOf } from './peers'

/** Slots on a former primary that others read from while it was primary: those that are no longer needed, and those that stay, with why. */
export type LeftSlots = { drop: string[]; keep: { name: string; because: string }[] }

/** A member, with the names of the slots that are its own by its files or by its host. */
export type SlotOwner = {
  title: string
  names: string[]
  /** The slot that it reads from on this server, or would when started; null: none. */
  reads: string | null
  isSeen: boolean
}

export const slotOwners = (self: Place, peers: readonly Peer[]): SlotOwner[] =>
  peers.map(({ place, probe, files }) => {
    const following = files?.following ?? null
    const names = [following?.slotName ?? null, slotNameOf(place)].filter((name) => name !== null)
    const isReader = place.id !== self.id && probe.role !== 'primary' && files?.isStandby === true && following !== null
    const upstream = following && {
      host: following.conninfo.host ?? null,
      port: Number(following.conninfo.port ?? 5432),
      slotName: following.slotName,
      status: null,
    }
    return {
      title: place.title,
      names: [...new Set(names)],
      reads: isReader && isUnder({ upstream }, self) ? following.slotName : null,
      isSeen: files !== null || place.id === self.id,
    }
  })

/** A slot goes only where it is known whose it was, and that nobody of them comes back for it. */
export const judgeSlots = (names: readonly string[], owners: readonly SlotOwner[]): LeftSlots => {
  const left: LeftSlots = { drop: [], keep: [] }
  for (const name of names) {
    const because = whyKept(name, owners)
    if (because === null) left.drop.push(name)
    else left.keep.push({ name, because })
  }
  return left
}

const whyKept = (name: string, owners: readonly SlotOwner[]): string | null => {
  const reader = owners.find(({ reads }) => reads === name)
  if (reader !== undefined) return `${reader.title} follows through it`
  const its = owners.filter(({ names }) => names.includes(name))
  if (its.length === 0) {
    const hidden = owners.filter(({ isSeen }) => !isSeen)
    return hidden.length === 0
      ? 'no member reads from a slot of that name: so its owner is not known'
      : `${hidden.map(({ title }) => title).join(', ')} cannot be seen, so its owner is not known`
  }
  const unseen = its.find(({ isSeen }) => !isSeen)
  return unseen === undefined ? null : `${unseen.title} cannot be seen, and may come back for it`
}

/** What becomes of them, in words. */
export const leftSlotsVerdict = ({ drop, keep }: LeftSlots): Verdict => {
  const gone = drop.length === 0 ? '' : `Dropped, since no member needs ${drop.length === 1 ? 'it' : 'them'}: ${drop.join(', ')}.`
  if (keep.length > 0) return warn([gone, `Left: ${keepWords(keep)}.`].filter(Boolean).join(' '))
  return gone === '' ? pass : passBecause(gone)
}

export const keepWords = (keep: LeftSlots['keep']): string => keep.map(({ name, because }) => `${name} (${because})`).join('; ')
