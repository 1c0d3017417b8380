import { formatBytes, GiB } from '@/lib/domain/values/bytes'
import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import type { DataPlace, ReadPorts } from '@/lib/ports'
import { type Place, probeTimeoutMs } from '../facts/instance'
import type { Readiness } from '../facts/readiness'

/** What is left on a file system that the candidate writes to. */
export type Room = { path: string; freeBytes: number; totalBytes: number | null }

/** Below this share of a file system it is only a matter of time. */
const freeShareMin = 0.1

/** null: the host did not say. Tablespaces are left out: no WAL goes there, and a table that cannot grow stops nobody else. */
export const gatherRoom = async (ports: ReadPorts, place: Place, { signal }: GatherContext): Promise<Room[] | null> => {
  try {
    const { places } = await ports.copies.look(place.address, { timeoutMs: probeTimeoutMs, signal })
    const rooms = places.flatMap(roomOf)
    return rooms.length === 0 ? null : rooms
  } catch (error) {
    signal.throwIfAborted()
    if (!isFault(error)) throw error
    return null
  }
}

const roomOf = ({ what, path, freeBytes, totalBytes }: DataPlace): Room[] =>
  what === 'tablespace' || freeBytes === null ? [] : [{ path, freeBytes, totalBytes }]

type WithRoom = {
  mode: 'planned' | 'emergency'
  room: Room[] | null
  readiness: { candidate: Readiness | null }
  candidate: { title: string } | null
}

/**
 * A primary that cannot write WAL stops itself. It needs at least what it writes until its first checkpoint has ended, which begins no later than after
 * max_wal_size, and no more than 1 GiB is asked for. Where nobody is served, little room is better than none.
 */
export const roomForWal = ({ mode, room, readiness, candidate }: WithRoom): Verdict => {
  if (candidate === null) return pass
  if (room === null) return unknown(`How much is free on the host of ${candidate.title} could not be read.`)
  const neededBytes = Math.min(readiness.candidate?.walBytesMax ?? GiB, GiB)
  const scarce = room.filter(({ freeBytes }) => freeBytes < neededBytes)
  if (scarce.length > 0) {
    const because = `${candidate.title} needs ${formatBytes(neededBytes)} for WAL: ${scarce.map(sayRoom).join(', ')}. Make room there first, or choose another standby.`
    return mode === 'planned' ? refuse(because) : warn(because)
  }
  const low = room.filter(({ freeBytes, totalBytes }) => totalBytes !== null && freeBytes < totalBytes * freeShareMin)
  return low.length === 0
    ? passBecause(`${room.map(sayRoom).join(', ')}.`)
    : warn(`${candidate.title} is nearly full: ${low.map(sayRoom).join(', ')}.`)
}

const sayRoom = ({ path, freeBytes, totalBytes }: Room): string =>
  `${formatBytes(freeBytes)}${totalBytes === null ? '' : ` of ${formatBytes(totalBytes)}`} free at ${path}`
