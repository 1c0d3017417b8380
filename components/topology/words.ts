import type { TreeMember } from '@/lib/domain/replication/tree'
import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import type { Tone } from '@/lib/kernel/resource/field'

export const roleWords = { primary: 'primary', standby: 'standby', unknown: 'role not known' } as const

export const stateTone = (state: string): Tone =>
  state === 'online'
    ? 'good'
    : state === 'starting' || state === 'stopping'
      ? 'info'
      : state === 'unknown'
        ? 'neutral'
        : state === 'unreachable' || state === 'refused'
          ? 'warn'
          : 'bad'

/** Lag on an edge: bytes and seconds apart, and "lag not known" rather than nothing. */
export const lagWords = (member: TreeMember): string => {
  const bytes = member.lagBytes === null ? null : formatBytes(member.lagBytes)
  const seconds = member.lagSeconds === null ? null : formatDuration(member.lagSeconds)
  const lag = bytes === null && seconds === null ? 'lag not known' : [bytes, seconds].filter((part) => part !== null).join(', ')
  return member.isReplayPaused ? `replay paused, ${lag}` : lag
}

export const lagTone = (member: TreeMember): Tone =>
  member.isBehind ? 'warn' : member.lagBytes === null && member.lagSeconds === null ? 'neutral' : 'good'
