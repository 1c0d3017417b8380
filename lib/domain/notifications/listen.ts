import { type Family, familyOf, type SeverityName, severityOf, type Trouble } from './trouble'

/** What a subscription wants to hear. */
export interface Wants {
  id: string
  /** null: of every environment. */
  environmentId: string | null
  isPaused: boolean
  leastSeverity: SeverityName
  families: readonly Family[]
}

/** What touches several environments concerns only who listens to them all: it names what stands in each. */
export const concerns = (wants: Wants, trouble: Pick<Trouble, 'kind' | 'environmentIds' | 'severity'>): boolean => {
  const family = familyOf(trouble.kind)
  return (
    !wants.isPaused &&
    family !== null &&
    wants.families.includes(family) &&
    trouble.severity <= severityOf(wants.leastSeverity) &&
    (wants.environmentId === null ||
      (trouble.environmentIds.length > 0 && trouble.environmentIds.every((id) => id === wants.environmentId)))
  )
}
