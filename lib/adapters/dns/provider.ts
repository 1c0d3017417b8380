import type { NameChange, NameOptions, RecordSet, ZoneCheckStep } from '@/lib/ports/names'
import type { ZoneSettings } from '@/lib/ports/zones'
import type { Deadline } from '../ssh/deadline'
import type { Answered } from './wire/query'

/** A setting of the zone that is text; null: it is not given. */
export const textOf = ({ settings }: ZoneSettings, field: string): string | null => {
  const value = settings[field]
  return typeof value === 'string' && value !== '' ? value : null
}

/** The way to one provider: reading and changing the source of truth. */
export interface Provider {
  current: (name: string, options: NameOptions) => Promise<RecordSet[]>
  replace: (change: NameChange, options: NameOptions) => Promise<void>
  /** The first steps of the check, each asked for only when the one before it let it through; a look that throws has failed. */
  checks: readonly ProviderCheck[]
  /** Asks where the zone is changed: for NS records and their addresses. */
  askPrimary: (name: string, type: 'NS' | 'A' | 'AAAA', deadline: Deadline) => Promise<Answered>
  /** Where asking for NS records is dear, and they do not change: what they belong to, and how long an answer may be kept. */
  delegation?: { of: string; lifeMs: number }
}

export interface ProviderCheck extends Pick<ZoneCheckStep, 'name' | 'title'> {
  look: (deadline: Deadline) => Promise<Pick<ZoneCheckStep, 'verdict' | 'because'>>
}
