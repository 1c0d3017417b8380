import { describe as describeResource, type Resource, type ResourceDescription } from '@/lib/kernel/resource/resource'
import { pathOf, type ResourceName, resourceByPath, resources } from '@/lib/resources'

const described = new Map(resources.map((resource) => [resource.path, { resource, description: describeResource(resource) }]))

/** The resource of a path segment with what the browser may know of it; undefined: there is none. */
export const describedResource = (path: string): { resource: Resource<ResourceName>; description: ResourceDescription } | undefined => {
  const resource = resourceByPath(path)
  return resource && described.get(resource.path)
}

export { pathOf }

/** Next's parameters as URLSearchParams, and the sentences of `dropped` apart. */
export const toParams = (given: Record<string, string | string[] | undefined>): [URLSearchParams, string[]] => {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(given))
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) params.append(name, one)
  const notices = params.getAll('dropped').slice(0, 10)
  params.delete('dropped')
  return [params, notices]
}
