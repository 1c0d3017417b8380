import { type Architecture, anything, type Requirements, type Strategy, type VolumeKind } from '../prices/requirements'

export const tuningProfiles = {
  none: 'None: PostgreSQL’s own defaults',
  general: 'General: a bit of everything',
  oltp: 'OLTP: many short transactions',
  web: 'Web: many connections, few long statements',
  analytics: 'Analytics: few long statements',
  throwaway: 'Throwaway: fast, and lost in a crash',
} as const
export type TuningProfile = keyof typeof tuningProfiles
export const tuningNames = Object.keys(tuningProfiles) as TuningProfile[]

export const majors = ['14', '15', '16', '17', '18'] as const

/** What a herd is to be, as a person asks for it: requirements, not machines. null and empty: not asked for. */
export interface Blueprint {
  name: string
  note: string | null
  regions: readonly string[]
  zones: readonly string[]
  vcpusMin: number | null
  vcpusMax: number | null
  memoryGibMin: number | null
  memoryGibMax: number | null
  architecture: Architecture | null
  families: readonly string[]
  types: readonly string[]
  allowsBurstable: boolean
  market: 'spot' | 'on-demand'
  /** On-demand machines are taken where no spot machine can be had. */
  fallsBack: boolean
  strategy: Strategy
  /** USD per hour, as it was written. */
  priceMaxUsd: string | null
  evictionMax: number | null
  evictionWeight: number | null
  storage: 'network' | 'local'
  storageGb: number | null
  volumeKind: VolumeKind
  volumeIops: number | null
  volumeMibs: number | null
  rootGb: number
  vpcId: string | null
  subnetId: string | null
  securityGroupIds: readonly string[]
  keyName: string | null
  isPrivate: boolean
  clientAddresses: readonly string[]
  major: (typeof majors)[number]
  tuning: TuningProfile
  /** `name = value`, one a line; they win over the tuning. */
  settings: string | null
  extensions: readonly string[]
  preload: readonly string[]
  database: string | null
  adminUser: string | null
  isSuperuser: boolean
  /** Lines of pg_hba.conf. */
  accessRules: string | null
  replicas: number
  tags: readonly string[]
  /** Keys of a manifest that have no effect here, kept with it. */
  imported: Readonly<Record<string, unknown>> | null
}

export type BlueprintField = keyof Blueprint
/** The password is no value of a blueprint that anybody can read; a manifest may bring one. */
export type ImportedField = BlueprintField | 'adminPassword'

export const emptyBlueprint: Blueprint = {
  name: '',
  note: null,
  regions: [],
  zones: [],
  vcpusMin: null,
  vcpusMax: null,
  memoryGibMin: null,
  memoryGibMax: null,
  architecture: null,
  families: [],
  types: [],
  allowsBurstable: false,
  market: 'spot',
  fallsBack: false,
  strategy: 'balanced',
  priceMaxUsd: null,
  evictionMax: null,
  evictionWeight: null,
  storage: 'network',
  storageGb: null,
  volumeKind: 'gp3',
  volumeIops: null,
  volumeMibs: null,
  rootGb: 20,
  vpcId: null,
  subnetId: null,
  securityGroupIds: [],
  keyName: null,
  isPrivate: false,
  clientAddresses: [],
  major: '18',
  tuning: 'general',
  settings: null,
  extensions: [],
  preload: [],
  database: null,
  adminUser: null,
  isSuperuser: false,
  accessRules: null,
  replicas: 0,
  tags: [],
  imported: null,
}

/** With what `values` say of it; what is empty there and never empty in a blueprint stays as it is by default. */
export const blueprintOf = (values: Readonly<Record<string, unknown>>): Blueprint => {
  const made: Record<string, unknown> = { ...emptyBlueprint }
  for (const [name, standard] of Object.entries(emptyBlueprint)) {
    const value = values[name]
    if (value === undefined || ((value === null || value === '') && standard !== null)) continue
    made[name] = value === '' ? null : value
  }
  return made as unknown as Blueprint
}

/** What a machine of it must have, as prices and fit are judged. */
export const requirementsOf = (blueprint: Blueprint): Requirements => ({
  vcpusMin: blueprint.vcpusMin,
  vcpusMax: blueprint.vcpusMax,
  memoryGibMin: blueprint.memoryGibMin,
  memoryGibMax: blueprint.memoryGibMax,
  architecture: blueprint.architecture,
  storage: blueprint.storage,
  storageGb: blueprint.storageGb,
  volumeKind: blueprint.volumeKind,
  allowsBurstable: blueprint.allowsBurstable,
  families: blueprint.families,
  types: blueprint.types,
  regions: blueprint.regions,
  zones: blueprint.zones,
  market: blueprint.market,
  strategy: blueprint.strategy,
  priceMaxUsd: blueprint.priceMaxUsd === null ? null : Number(blueprint.priceMaxUsd),
  evictionMax: blueprint.market === 'spot' ? blueprint.evictionMax : null,
  evictionWeight: blueprint.evictionWeight ?? anything.evictionWeight,
  seed: anything.seed,
})
