import { useCallback } from 'react'
import type { FindOptions } from '@/components/fields/input-props'
import type { ReferenceOption } from '@/lib/shapes/list'
import type { Outcome } from '@/lib/shapes/outcome'

/** What an instance may point to, for inputs outside its form. Throws what the console refuses. */
export const useFound = (
  findOptions: (resource: string, field: string, search: string, environmentId: string | null) => Promise<Outcome<ReferenceOption[]>>,
): FindOptions =>
  useCallback(
    async (field, search, environmentId) => {
      const found = await findOptions('instance', field, search, environmentId)
      if (!found.ok) throw new Error(found.message)
      return found.value
    },
    [findOptions],
  )
