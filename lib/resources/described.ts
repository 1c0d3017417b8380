import { describe, type Resource, type ResourceDescription } from '@/lib/kernel/resource/resource'
import { type ResourceName, resourceByPath, resources } from '.'

const described = new Map(resources.map((resource) => [resource.path, { resource, description: describe(resource) }]))

/** The resource of a path segment with what the browser may know of it; undefined: there is none. */
export const describedResource = (path: string): { resource: Resource<ResourceName>; description: ResourceDescription } | undefined => {
  const resource = resourceByPath(path)
  return resource && described.get(resource.path)
}
