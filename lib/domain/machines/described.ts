import { typeOfClass } from './classes'
import { sampleTypes } from './sample'

/** What of a type decides for whom it is large enough. */
export interface DescribedType {
  vcpus: number
  memoryMib: number
  architectures: readonly string[]
  /** GB of disks that are lost when the machine stops; null: it has none. */
  localStorageGb: number | null
}

/** By type, as EC2 described them somewhere. */
export type DescribedTypes = Readonly<Record<string, DescribedType>>

const sampled: DescribedTypes = Object.fromEntries(
  Object.entries(sampleTypes).map(([type, { vcpus, memoryMib, architectures, instanceStorageGb }]) => [
    type,
    { vcpus, memoryMib, architectures, localStorageGb: instanceStorageGb ?? null },
  ]),
)

/** Every type that is known: as EC2 described it, and the sample for what it was not asked about. */
export const knownTypes = (described: DescribedTypes = {}): DescribedTypes => ({ ...sampled, ...described })

/** Of a type of EC2 or, with `db.` before it, of RDS; null: neither EC2 nor the sample has described it. */
export const knownType = (type: string, described: DescribedTypes = {}): DescribedType | null => {
  const name = typeOfClass(type)
  return described[name] ?? sampled[name] ?? null
}
