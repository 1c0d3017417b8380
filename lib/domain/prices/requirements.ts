export const strategies = {
  balanced: 'Balanced: price with a surcharge for evictions',
  cheapest: 'Cheapest: price alone',
  'eviction-rate': 'Eviction rate: fewest evictions, then price',
  random: 'Random: any that fits',
} as const

export type Strategy = keyof typeof strategies
export const strategyNames = Object.keys(strategies) as Strategy[]

export const architectures = ['x86_64', 'arm64'] as const
export type Architecture = (typeof architectures)[number]

export const volumeKinds = ['gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1'] as const
export type VolumeKind = (typeof volumeKinds)[number]

/** What a machine must have. null and empty lists: anything will do. In names `*` stands for any letters. */
export interface Requirements {
  vcpusMin: number | null
  vcpusMax: number | null
  memoryGibMin: number | null
  memoryGibMax: number | null
  architecture: Architecture | null
  /** `network`: EBS; `local`: disks of the machine, lost when it stops. */
  storage: 'network' | 'local'
  storageGb: number | null
  volumeKind: VolumeKind
  allowsBurstable: boolean
  families: readonly string[]
  types: readonly string[]
  regions: readonly string[]
  zones: readonly string[]
  market: 'spot' | 'on-demand'
  strategy: Strategy
  /** USD per hour of the market. */
  priceMaxUsd: number | null
  /** Percentage that an offer's highest eviction rate must not exceed. */
  evictionMax: number | null
  /** How many times a month's evictions weigh against the price: 2 has 10 % of evictions cost as much as 20 % of the price. */
  evictionWeight: number
  /** For the strategy random: the same number gives the same order. */
  seed: number
}

export const anything: Requirements = {
  vcpusMin: null,
  vcpusMax: null,
  memoryGibMin: null,
  memoryGibMax: null,
  architecture: null,
  storage: 'network',
  storageGb: null,
  volumeKind: 'gp3',
  allowsBurstable: false,
  families: [],
  types: [],
  regions: [],
  zones: [],
  market: 'spot',
  strategy: 'balanced',
  priceMaxUsd: null,
  evictionMax: null,
  evictionWeight: 2,
  seed: 1,
}

/** Whether a name is one of the patterns; `*` stands for any letters. */
export const namer = (patterns: readonly string[]): ((name: string) => boolean) => {
  if (patterns.length === 0) return () => true
  const exact = new Set(patterns.filter((one) => !one.includes('*')))
  const parts = patterns.filter((one) => one.includes('*')).map((one) => one.split('*'))
  return (name) => exact.has(name) || parts.some((pieces) => isLike(name, pieces))
}

/** Without a regular expression: no pattern makes it slow. */
const isLike = (name: string, pieces: readonly string[]): boolean => {
  const [first, last] = [pieces[0]!, pieces.at(-1)!]
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at)
    if (found < 0 || found + piece.length > name.length - last.length) return false
    at = found + piece.length
  }
  return true
}
