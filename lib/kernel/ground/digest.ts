import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from './json'

/** SHA-256 in hex over the canonical text: equal values have equal digests, whatever the order of their keys. */
export const digestOf = (value: Json): string => sha256(canonicalJson(value))

/** Of the text in UTF-8, in hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
