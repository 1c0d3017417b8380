import type { Resource } from './resource'

export interface Registry<Name extends string> {
  resources: readonly Resource<Name>[]
  /** undefined: no such resource. */
  byName: (name: string) => Resource<Name> | undefined
  byPath: (path: string) => Resource<Name> | undefined
}

export const makeRegistry = <Name extends string>(resources: readonly Resource<Name>[]): Registry<Name> => {
  const names = new Map<string, Resource<Name>>(resources.map((resource) => [resource.name, resource]))
  const paths = new Map(resources.map((resource) => [resource.path, resource]))
  return { resources, byName: (name) => names.get(name), byPath: (path) => paths.get(path) }
}
