import { sql } from 'drizzle-orm'
import { accessRulesProblem } from '@/lib/domain/blueprints/access-rules'
import { type Blueprint, blueprintOf, requirementsOf } from '@/lib/domain/blueprints/blueprint'
import { effectsOf } from '@/lib/domain/blueprints/effects'
import { parseSettings } from '@/lib/domain/blueprints/settings-text'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import type { FieldProblem } from '@/lib/kernel/ground/errors'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { isGiven } from '@/lib/kernel/resource/condition'
import { tearDown } from '@/lib/operations/launch/tear-down'
import type { Tx } from '../pg/client'
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
  if (storage === 'local' || storageGb === null) return null
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
    : [
        ...effectsOf(blueprintOf(before), blueprintOf(after), { types: [] })
          .filter(({ kind }) => kind === 'refused')
          .map(({ field, because }) => ({ path: field, message: because })),
        ...((after.accountId ?? null) === (before.accountId ?? null)
          ? []
          : problem('accountId', 'Its herd was launched in that account, and stays there.')),
      ]

/** Without its record nobody could take away what it has on AWS. */
const launchedFrom = async (tx: Tx, id: string): Promise<string[]> => {
  const { rows } = await tx.execute<{ name: string }>(
    sql`select h.name from blueprints b join herds h on h.id = b.herd_id where b.id = ${id}`,
  )
  return rows.map(({ name }) => `The herd ${name} was launched from it. Tear that one down first.`)
}

/** Of the herd: the console made its machines, and forgets them only when they are gone. */
export const launchedHerd = async (tx: Tx, id: string): Promise<string[]> => {
  const { rows } = await tx.execute<{ name: string }>(sql`select name from blueprints where herd_id = ${id}`)
  return rows.map(({ name }) => `It was launched from the blueprint ${name}: tear it down, which takes its machines away as well.`)
}

const isSame = (one: unknown, other: unknown): boolean =>
  isGiven(one) && isGiven(other) ? Date.parse(String(one)) === Date.parse(String(other)) : isGiven(one) === isGiven(other)

/** Whoever sets when it expires is who tears it down then. */
const expiryProblems = (after: Values, before: Values | null, actor: Actor): FieldProblem[] => {
  if (!isGiven(after.expiresAt) || isSame(after.expiresAt, before?.expiresAt)) return []
  const permission = runPermission(tearDown)
  const environmentId = isGiven(after.environmentId) ? String(after.environmentId) : null
  if (!mayIn(actor, permission, environmentId))
    return problem('expiresAt', `Who sets this needs the permission ${permission.name} here: the herd is torn down in their name.`)
  return Date.parse(String(after.expiresAt)) > Date.now()
    ? []
    : problem('expiresAt', 'It is past. Write a time to come, or tear the herd down.')
}

export const blueprintRules: Rules = {
  blockers: launchedFrom,
  alongside: (after, before, actor): Values =>
    isSame(after.expiresAt, before?.expiresAt)
      ? {}
      : {
          expiryPersonId: actor.personId,
          expiryTokenId: actor.tokenId ?? null,
          expiryNextAt: null,
          expiryRunId: null,
          expiryBecause: null,
        },
  check: async (_tx, after, before, actor) => [
    ...expiryProblems(after, before, actor),
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
