import { type DescribedType, type DescribedTypes, knownTypes } from './described'

const sisters = 3
const larger = 2

const familyOf = (type: string): string => type.split('.')[0]!
/** `m` of m5a.large. */
const classOf = (type: string): string => /^[a-z]+/.exec(type)![0]

const isAtLeast = (one: DescribedType, other: DescribedType): boolean => one.vcpus >= other.vcpus && one.memoryMib >= other.memoryMib

/**
 * What may run in place of a type of which EC2 has none, none of them smaller: of the same class and architecture, first those of other families, then the next
 * larger ones of its own. None of them has disks that are lost at a stop. Empty for a type that neither `described` nor the sample holds.
 */
export const standInsOf = (type: string, architecture: string, described: DescribedTypes = {}): string[] => {
  const known = knownTypes(described)
  const from = known[type]
  if (from === undefined) return []
  const fitting = Object.entries(known)
    .filter(
      ([name, one]) =>
        name !== type &&
        classOf(name) === classOf(type) &&
        one.architectures.includes(architecture) &&
        one.localStorageGb === null &&
        isAtLeast(one, from),
    )
    .toSorted(([a, one], [b, other]) => one.vcpus - other.vcpus || one.memoryMib - other.memoryMib || (a < b ? -1 : 1))
    .map(([name]) => name)
  const isOwn = (name: string) => familyOf(name) === familyOf(type)
  return [...fitting.filter((name) => !isOwn(name)).slice(0, sisters), ...fitting.filter(isOwn).slice(0, larger)]
}
