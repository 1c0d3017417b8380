import { sampleTypes, type TypeRow } from './sample'

/** `m5.large` of the class `db.m5.large`; any other type as it is. */
export const typeOfClass = (name: string): string => name.replace(/^db\./, '')

/** The machine type that a class of RDS runs on, as the console's catalogue has it; null: it does not know it. */
export const typeBehind = (name: string): TypeRow | null => sampleTypes[typeOfClass(name)] ?? null
