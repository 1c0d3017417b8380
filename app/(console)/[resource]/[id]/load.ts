import { notFound } from 'next/navigation'
import { cache } from 'react'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { getRecord } from '@/db/records/records'
import { requireActor } from '@/lib/auth/actor'
import { capital } from '@/lib/domain/values/capital'
import { isFault } from '@/lib/kernel/ground/errors'
import { describedResource } from '@/lib/resources/described'
import type { BadgedEnvironment } from '@/lib/shapes/environment'

/** The object of an address with what every page about it needs; one read a request. An object that is not there or not to be seen is "not found". */
export const loadObject = cache(async (path: string, id: string) => {
  const actor = await requireActor()
  const described = describedResource(path)
  if (!described) notFound()
  try {
    const [record, environments] = await Promise.all([getRecord(actor, described.resource, id), badgedEnvironments(actor)])
    const { environmentId } = record
    const environment: BadgedEnvironment | null = (environmentId && environments[environmentId]) || null
    const crumbs = [
      { href: '/', label: 'Fleet' },
      { href: `/${path}`, label: capital(described.resource.noun[1]) },
    ]
    return { actor, ...described, record, environments, environment, crumbs, href: `/${path}/${record.id}` }
  } catch (error) {
    if (isFault(error, 'record.missing')) notFound()
    throw error
  }
})

/** Field → id → title, flattened: ids are unique everywhere. */
export const titlesOf = (references: Readonly<Record<string, Readonly<Record<string, string>>>>): Record<string, string> =>
  Object.assign({}, ...Object.values(references))
