import type { Requirements } from '@/lib/domain/prices/requirements'
import { type PriceField, requirementsFrom } from '@/lib/shapes/prices'
import { type Args, take, takeFlag, UsageError } from '../args'

/** pg-spot-operator's own flags, and what each asks for. */
const fields: Readonly<Record<string, PriceField>> = {
  'cpu-min': 'vcpusMin',
  'cpu-max': 'vcpusMax',
  'ram-min': 'memoryGibMin',
  'ram-max': 'memoryGibMax',
  'cpu-arch': 'architecture',
  'storage-min': 'storageGb',
  'storage-type': 'storage',
  'volume-type': 'volumeKind',
  'instance-types': 'types',
  'instance-family': 'families',
  region: 'regions',
  zone: 'zones',
  'selection-strategy': 'strategy',
  'max-price': 'priceMaxUsd',
  'eviction-max': 'evictionMax',
  'eviction-weight': 'evictionWeight',
  seed: 'seed',
}

/** What the other spelling means: 0 is no bound, `arm` an architecture, `r6|r7` and `eu-.*` patterns of names. */
const translated: Partial<Record<PriceField, (text: string) => string>> = {
  vcpusMin: noBound,
  vcpusMax: noBound,
  memoryGibMin: noBound,
  memoryGibMax: noBound,
  storageGb: noBound,
  priceMaxUsd: noBound,
  architecture: (text) => ({ arm: 'arm64', aarch64: 'arm64', x86: 'x86_64', intel: 'x86_64', amd64: 'x86_64' })[text] ?? text,
  families: (text) =>
    text
      .split(/[|,]/)
      .map((one) => (one.includes('*') ? one.replaceAll('.*', '*') : `${one.trim()}*`))
      .join(','),
  regions: (text) => text.replaceAll('.*', '*').replaceAll('|', ','),
}

function noBound(text: string): string {
  return Number(text) <= 0 ? '' : text
}

/** Takes them out of `args`. Throws `UsageError` that names the flag. */
export const takeRequirements = (args: Args): Requirements => {
  const given: Partial<Record<PriceField, string>> = {
    allowsBurstable: String(takeFlag(args, 'allow-burstable')),
    market: takeFlag(args, 'persistent-vms') ? 'on-demand' : 'spot',
  }
  for (const [name, field] of Object.entries(fields)) {
    const value = take(args, name)
    if (value !== undefined) given[field] = translated[field]?.(value) ?? value
  }
  const { wanted, problems } = requirementsFrom(given)
  const [problem] = Object.entries(problems)
  if (problem) {
    const flag = Object.entries(fields).find(([, field]) => field === problem[0])?.[0] ?? problem[0]
    throw new UsageError(`--${flag}: ${problem[1]}`)
  }
  return wanted
}
