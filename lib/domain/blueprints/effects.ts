import type { CatalogueType } from '../prices/catalogue'
import { typeJudge } from '../prices/fit'
import { type Blueprint, type BlueprintField, requirementsOf } from './blueprint'
import { restartSettings } from './restart-settings'
import { parseSettings, type SettingLine } from './settings-text'

/** What a change of a blueprint asks of the herd that was launched from it; the later, the more. */
export const changeKinds = ['nothing', 'reload', 'restart', 'new-machine', 'refused'] as const
export type ChangeKind = (typeof changeKinds)[number]

export interface ChangeEffect {
  field: BlueprintField
  kind: ChangeKind
  because: string
}

/** The herd of a blueprint as it runs. */
export interface Standing {
  /** The types of its machines, as far as the catalogue has them. */
  types: readonly CatalogueType[]
}

const machineFields = [
  'vcpusMin',
  'vcpusMax',
  'memoryGibMin',
  'memoryGibMax',
  'architecture',
  'families',
  'types',
  'allowsBurstable',
] as const satisfies BlueprintField[]
const isOneOf = (names: readonly BlueprintField[], name: BlueprintField): boolean => names.includes(name)

const chosenAnew = 'It counts when the next machine is chosen.'
const always: Partial<Record<BlueprintField, readonly [ChangeKind, string]>> = {
  note: ['nothing', 'It is a note.'],
  imported: ['nothing', 'These keys have no effect.'],
  strategy: ['nothing', chosenAnew],
  fallsBack: ['nothing', chosenAnew],
  priceMaxUsd: ['nothing', chosenAnew],
  evictionMax: ['nothing', chosenAnew],
  evictionWeight: ['nothing', chosenAnew],
  zones: ['nothing', chosenAnew],
  keyName: ['nothing', chosenAnew],
  isPrivate: ['nothing', chosenAnew],
  rootGb: ['nothing', chosenAnew],
  tags: ['nothing', chosenAnew],
  accessRules: ['reload', 'pg_hba.conf is read again.'],
  clientAddresses: ['reload', 'pg_hba.conf is read again, and the security group changes.'],
  extensions: ['nothing', 'They are created or dropped while the server runs.'],
  database: ['nothing', 'It is created; the former one stays.'],
  adminUser: ['nothing', 'The role is created; the former one stays.'],
  isSuperuser: ['nothing', 'The role is altered.'],
  preload: ['restart', 'shared_preload_libraries is read when the server starts.'],
  market: ['new-machine', 'A machine cannot change its market.'],
  vpcId: ['refused', 'A herd stays in its network. Launch another herd instead.'],
  subnetId: ['new-machine', 'A machine stays in its subnet.'],
  securityGroupIds: ['nothing', 'The groups of a running machine can be exchanged.'],
  regions: ['refused', 'A herd stays in its region. Launch another herd instead.'],
  storage: ['refused', 'Data does not move between EBS and own disks. Launch another herd instead.'],
  name: ['refused', 'Its machines and volumes are tagged with the name.'],
}

/** What the change asks for, field by field, in the order of the fields; none of what stays the same. `standing` null: nothing is launched from it. */
export const effectsOf = (before: Blueprint, after: Blueprint, standing: Standing | null): ChangeEffect[] =>
  (Object.keys(after) as BlueprintField[])
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => {
      if (standing === null) return { field, kind: 'nothing', because: 'Nothing is launched from it yet.' }
      const [kind, because] = effectOf(field, before, after, standing)
      return { field, kind, because }
    })

/** What it comes to altogether. */
export const worstOf = (effects: readonly ChangeEffect[]): ChangeKind =>
  changeKinds[Math.max(0, ...effects.map(({ kind }) => changeKinds.indexOf(kind)))]!

const effectOf = (field: BlueprintField, before: Blueprint, after: Blueprint, standing: Standing): readonly [ChangeKind, string] => {
  if (isOneOf(machineFields, field)) return machineEffect(after, standing)
  switch (field) {
    case 'storageGb':
      return (after.storageGb ?? 0) < (before.storageGb ?? 0)
        ? ['refused', 'A volume cannot shrink.']
        : ['nothing', 'The volume grows while the server runs.']
    case 'volumeKind':
    case 'volumeIops':
    case 'volumeMibs':
      return ['nothing', 'The volume changes while the server runs.']
    case 'major':
      return Number(after.major) < Number(before.major)
        ? ['refused', 'PostgreSQL does not go back to an earlier major version.']
        : ['refused', 'Another major version is an upgrade, which is not done by changing the blueprint.']
    case 'tuning':
      return ['restart', 'shared_buffers and max_connections are read when the server starts.']
    case 'settings':
      return settingsEffect(before.settings, after.settings)
    case 'replicas':
      return after.replicas > before.replicas
        ? ['new-machine', 'Machines are launched for the further standbys; the others stay.']
        : ['nothing', 'Standbys that are too many go when somebody tears them down.']
    default:
      return always[field] ?? ['nothing', chosenAnew]
  }
}

const machineEffect = (after: Blueprint, { types }: Standing): readonly [ChangeKind, string] => {
  if (types.length === 0) return ['new-machine', 'Whether its machines still fit is not known.']
  const judge = typeJudge({ ...requirementsOf(after), market: 'on-demand' })
  const unfit = types.flatMap((one) => judge(one).map((reason) => `${one.type}: ${reason}`))
  return unfit.length === 0 ? ['nothing', 'Its machines fit.'] : ['new-machine', `${[...new Set(unfit)].join('; ')}.`]
}

const readSettings = (text: string | null): SettingLine[] => {
  const read = parseSettings(text ?? '')
  return typeof read === 'string' ? [] : read
}

const settingsEffect = (before: string | null, after: string | null): readonly [ChangeKind, string] => {
  const [old, wanted] = [readSettings(before), readSettings(after)]
  const valueIn = (lines: readonly SettingLine[], name: string) => lines.find((one) => one.name === name)?.value
  const changed = [...new Set([...old, ...wanted].map(({ name }) => name))].filter((name) => valueIn(old, name) !== valueIn(wanted, name))
  if (changed.length === 0) return ['nothing', 'The values are the same.']
  const restarting = changed.filter((name) => restartSettings.has(name))
  return restarting.length > 0
    ? ['restart', `${restarting.join(', ')}: read when the server starts.`]
    : ['reload', `${changed.join(', ')}: read again by a reload.`]
}
