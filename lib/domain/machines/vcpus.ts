import { sampleTypes } from './sample'

/** Of a type of EC2 or, with `db.` before it, of RDS; null: the catalogue that the console has does not hold it. */
export const vcpusOf = (type: string): number | null => sampleTypes[type.replace(/^db\./, '')]?.vcpus ?? null
