import { accessRulesProblem } from '@/lib/domain/blueprints/access-rules'
import { type Blueprint, blueprintOf, requirementsOf } from '@/lib/domain/blueprints/blueprint'
import { effectsOf } from '@/lib/domain/blueprints/effects'
import { parseSettings } from '@/lib/domain/blueprints/settings-text'
import type { FieldProblem } from '@/lib/kernel/ground/errors'
import { isGiven } from '@/lib/kernel/resource/condition'
import type { Rules, Values } from './rules'

const textOf = (value: unknown): string => (isGiven(value) ? String(value) : '')
const problem = (path: string, message: string | null): FieldProblem[] => (message === null ? [] : [{ path, message }])

const boundProblems = (values: Values): FieldProblem[] => {
  const { vcpusMin, vcpusMax, memoryGibMin, memoryGibMax } = requirementsOf(blueprintOf(values))
  return [
    ...(vcpusMin !== null && vcpusMax !== null && vcpusMin > vcpusMax
      ? problem('vcpusMax', `Write at least ${vcpusMin}, the least of it.`)
      : []),
    ...(memoryGibMin !== null && memoryGibMax !== null && memoryGibMin > memoryGibMax
      ? problem('memoryGibMax', `Write at least ${memoryGibMin}, the least of it.`)
      : []),
  ]
}

const storageProblem = ({ storage, storageGb, volumeKind, volumeIops, volumeMibs }: Blueprint): string | null => {
  if (storage === 'local') return null
  if (storageGb === null) return 'Give the size of the volume in GB.'
  const isMagnetic = volumeKind === 'st1' || volumeKind === 'sc1'
  if (isMagnetic && storageGb < 125) return `A volume of ${volumeKind} has at least 125 GB.`
  return isMagnetic && (volumeIops !== null || volumeMibs !== null) ? `A volume of ${volumeKind} takes neither IOPS nor throughput.` : null
}

const settingsProblem = (text: string): string | null => {
  const read = parseSettings(text)
  return typeof read === 'string' ? read : null
}

/** A herd was launched from it: what would have to be another herd is refused. */
const refusedChanges = (after: Values, before: Values | null): FieldProblem[] =>
  before === null || !isGiven(before.herdId)
    ? []
    : effectsOf(blueprintOf(before), blueprintOf(after), { types: [] })
        .filter(({ kind }) => kind === 'refused')
        .map(({ field, because }) => ({ path: field, message: because }))

export const blueprintRules: Rules = {
  check: async (_tx, after, before) => [
    ...(Array.isArray(after.regions) && after.regions.length > 0
      ? []
      : problem('regions', 'Name at least one region, such as eu-central-1.')),
    ...problem('storageGb', storageProblem(blueprintOf(after))),
    ...boundProblems(after),
    ...problem('settings', settingsProblem(textOf(after.settings))),
    ...problem('accessRules', accessRulesProblem(textOf(after.accessRules))),
    ...refusedChanges(after, before),
  ],
}
