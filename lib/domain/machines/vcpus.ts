import { type DescribedTypes, knownType } from './described'

/** Of a type of EC2 or, with `db.` before it, of RDS; null: neither EC2, where `described` has what it said, nor the sample holds it. */
export const vcpusOf = (type: string, described?: DescribedTypes): number | null => knownType(type, described)?.vcpus ?? null
