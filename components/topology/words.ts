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
export const lagParts = (member: TreeMember): string[] => {
  const lag: string[] = []
  if (member.lagBytes !== null) lag.push(formatBytes(member.lagBytes))
  if (member.lagSeconds !== null) lag.push(formatDuration(member.lagSeconds))
  if (lag.length === 0) lag.push('lag not known')
  return member.isReplayPaused ? ['replay paused', ...lag] : lag
}

export const lagWords = (member: TreeMember): string => lagParts(member).join(', ')

export const lagTone = (member: TreeMember): Tone =>
  member.isBehind ? 'warn' : member.lagBytes === null && member.lagSeconds === null ? 'neutral' : 'good'
