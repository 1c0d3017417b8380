import type { DescribedTypes } from '@/lib/domain/machines/described'
import { sampleTypes } from '@/lib/domain/machines/sample'
import { databaseFault, getPool } from '../pg/client'

export interface DescribedPlace {
  accountId: string
  region: string
}

export const placeKey = ({ accountId, region }: DescribedPlace): string => `${accountId} ${region}`

/** $1 accounts, $2 regions, $3 what the sample holds. */
const select = `select l.account_id || ' ' || l.region as place, jsonb_object_agg(e ->> 'type', jsonb_build_object('vcpus', e -> 'vcpus',
    'memoryMib', e -> 'memoryMib', 'architectures', e -> 'architectures', 'localStorageGb', e -> 'localStorageGb')) as types
  from price_lists l, jsonb_array_elements(l.content -> 'types') e
  where l.kind = 'types' and l.account_id = any($1::uuid[]) and l.region = any($2) and not e ->> 'type' = any($3) group by 1`

/** Types that the sample lacks, as EC2 described them to each account and region when it was asked last. Throws `database.down`. */
export const describedTypes = async (places: readonly DescribedPlace[]): Promise<ReadonlyMap<string, DescribedTypes>> => {
  if (places.length === 0) return new Map()
  const [accounts, regions] = [new Set(places.map(({ accountId }) => accountId)), new Set(places.map(({ region }) => region))]
  try {
    const { rows } = await getPool().query<{ place: string; types: DescribedTypes }>(select, [
      [...accounts],
      [...regions],
      Object.keys(sampleTypes),
    ])
    return new Map(rows.map(({ place, types }) => [place, types]))
  } catch (error) {
    throw databaseFault(error)
  }
}
