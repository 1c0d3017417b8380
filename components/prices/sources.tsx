import type { PriceSource, SourceKind } from '@/lib/domain/prices/catalogue'

const kindWords: Readonly<Record<SourceKind, string>> = {
  types: 'Types and zones',
  'on-demand': 'On-demand prices',
  rds: 'RDS prices',
  storage: 'Volume prices',
  spot: 'Spot prices',
  evictions: 'Eviction rates',
}

interface Line {
  kind: SourceKind
  name: string
  asOf: string
  isSample: boolean
  regions: string[]
}

/** Regions of the same source together, with the oldest date among them. */
const linesOf = (sources: readonly PriceSource[]): Line[] => {
  const lines = new Map<string, Line>()
  for (const { kind, name, region, asOf, isSample } of sources) {
    const key = `${kind} ${name}`
    const line = lines.get(key) ?? { kind, name, asOf, isSample, regions: [] }
    if (region !== null && !line.regions.includes(region)) line.regions.push(region)
    if (asOf < line.asOf) line.asOf = asOf
    lines.set(key, line)
  }
  return [...lines.values()]
}

export const Sources = ({
  sources,
  missing,
}: {
  sources: readonly PriceSource[]
  missing: readonly { region: string; kind: string; because: string }[]
}) => (
  <ul className="prices-sources">
    {linesOf(sources).map(({ kind, name, asOf, isSample, regions }) => (
      <li key={`${kind} ${name}`} data-sample={isSample || undefined}>
        <b>{kindWords[kind]}</b>:{' '}
        {isSample ? `the console’s sample of ${asOf}, not of today` : `${name}, ${asOf.slice(0, 16).replace('T', ' ')} UTC`}
        {regions.length > 0 && ` (${regions.join(', ')})`}
      </li>
    ))}
    {missing.map(({ region, kind, because }) => (
      <li key={`${region} ${kind}`}>
        <b>
          Not read in {region}: {kind}
        </b>
        . {because}
      </li>
    ))}
  </ul>
)
