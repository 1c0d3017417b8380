import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from './json'

/** SHA-256 in hex over the canonical text: equal values have equal digests, whatever the order of their keys. */
export const digestOf = (value: Json): string => createHash('sha256').update(canonicalJson(value)).digest('hex')
