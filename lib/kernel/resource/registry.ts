import type { Resource } from './resource'

export interface Registry {
  resources: readonly Resource[]
  /** undefined: no such resource. */
  byName: (name: string) => Resource | undefined
  byPath: (path: string) => Resource | undefined
}

export const makeRegistry = (resources: readonly Resource[]): Registry => {
  const names = new Map(resources.map((resource) => [resource.name, resource]))
  const paths = new Map(resources.map((resource) => [resource.path, resource]))
  return { resources, byName: (name) => names.get(name), byPath: (path) => paths.get(path) }
}
