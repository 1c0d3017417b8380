import { managerKinds, managerNames } from '@/lib/domain/managers/manager'
import type { Choice } from '@/lib/kernel/resource/field'

/** Choices that more than one resource shows; the same word has the same tone everywhere. */
export const instanceStates: readonly Choice[] = [
  { value: 'online', label: 'Online', tone: 'good' },
  { value: 'starting', label: 'Starting', tone: 'info' },
  { value: 'stopping', label: 'Stopping', tone: 'info' },
  { value: 'stopped', label: 'Stopped', tone: 'neutral' },
  { value: 'crashed', label: 'Crashed', tone: 'bad' },
  { value: 'absent', label: 'Absent', tone: 'bad' },
  { value: 'refused', label: 'Refused', tone: 'warn' },
  { value: 'unreachable', label: 'Unreachable', tone: 'bad' },
  { value: 'unknown', label: 'Unknown', tone: 'warn' },
]

export const instanceRoles: readonly Choice[] = [
  { value: 'primary', label: 'Primary', tone: 'info' },
  { value: 'standby', label: 'Standby', tone: 'neutral' },
  { value: 'unknown', label: 'Unknown', tone: 'warn' },
]

/** Who decides which member is primary. */
export const managedByChoices: readonly Choice[] = [
  { value: 'unknown', label: 'Not known', tone: 'warn' },
  { value: 'none', label: 'Matriarch', tone: 'neutral' },
  ...managerKinds.map((value): Choice => ({ value, label: managerNames[value], tone: 'info' })),
  { value: 'several', label: 'Several', tone: 'bad' },
]

/** What bringing an old primary back would take. */
export const failBackWays: readonly Choice[] = [
  { value: 'none', label: 'Nothing to bring back', tone: 'neutral' },
  { value: 'ready', label: 'Follows again', tone: 'good' },
  { value: 'follow', label: 'Rejoin as it is', tone: 'info' },
  { value: 'rewind', label: 'Rewind', tone: 'warn' },
  { value: 'rebuild', label: 'Rebuild', tone: 'bad' },
  { value: 'unknown', label: 'Not known yet', tone: 'neutral' },
]

/** Of a certificate. */
export const moveVerdicts: readonly Choice[] = [
  { value: 'proven', label: 'Proven', tone: 'good' },
  { value: 'not-provable', label: 'Not provable', tone: 'warn' },
  { value: 'lost', label: 'Lost', tone: 'bad' },
]

/** A role is no state: none is good or bad. */
export const roleChoices: readonly Choice[] = [
  { value: 'viewer', label: 'Viewer' },
  { value: 'operator', label: 'Operator' },
  { value: 'dba', label: 'DBA' },
  { value: 'admin', label: 'Admin' },
]

export const inboxStates: readonly Choice[] = [
  { value: 'new', label: 'New', tone: 'info' },
  { value: 'accepted', label: 'Accepted', tone: 'good' },
  { value: 'ignored', label: 'Ignored', tone: 'neutral' },
]

/** Of messages; the front page says now, broken, soon and note. */
export const messageSeverities: readonly Choice[] = [
  { value: 'critical', label: 'Critical', tone: 'bad' },
  { value: 'error', label: 'Error', tone: 'bad' },
  { value: 'warning', label: 'Warning', tone: 'warn' },
  { value: 'info', label: 'Info', tone: 'info' },
]
