/**
 * Field kinds. What a kind is stands in one table a layer, each a `Record<FieldKind, …>`, so that a new kind does not compile until all five exist:
 * how values are parsed, written and validated (`lib/fields/kinds`), which operators filter them (`./terms`) and as which SQL (`db/records/filters`),
 * what they look like (`components/fields/cells`) and how they are typed in (`components/fields/inputs`).
 */
export const fieldKinds = [
  'text',
  'longText',
  'hostname',
  'path',
  'port',
  'integer',
  'bytes',
  'seconds',
  'flag',
  'secret',
  'choice',
  'moment',
  'lsn',
  'tags',
  'reference',
  'json',
] as const
export type FieldKind = (typeof fieldKinds)[number]

/** How a choice looks: a shape and a word as well as a colour. */
export type Tone = 'good' | 'warn' | 'bad' | 'neutral' | 'info'

export interface Choice {
  value: string
  label: string
  tone?: Tone
}

/** Where a field applies: another field of the form holds one of these values, or anything, or nothing (a flag: not ticked). */
export interface Condition {
  field: string
  is: readonly string[] | 'given' | 'empty'
}

interface FieldBase {
  label: string
  /** One line under the input and on the help page. */
  help?: string
  /** What an empty value says where it is shown: “every environment”. Default: a dash. */
  empty?: string
  /** A form must carry a value. Default false. */
  required?: boolean
  /** It applies only there: elsewhere it is neither offered nor shown, is refused when it is sent, and is emptied by a save. Default: everywhere. */
  when?: Condition
  /** What is said where it is required by a condition and not given. Default: “… is needed.” */
  missing?: string
  /** Seen on the machine, not typed by a person: read-only, shown with its age. */
  observed?: boolean
  /** The column whose order is this field's, where the text's own is not what people mean (versions). */
  sortedBy?: string
  /** Set by the console itself (timestamps, counters): read-only without an age. */
  automatic?: boolean
}

export type FieldSpec = FieldBase &
  (
    | { kind: 'text' | 'longText' | 'hostname' | 'path'; maxLength?: number; pattern?: { source: string; message: string } }
    | { kind: 'port' | 'lsn' | 'moment' | 'bytes' | 'seconds' }
    | {
        kind: 'json' /** In lists only its keys stand: the whole is for the object's own page. */
        listsKeys?: true
      }
    | {
        kind: 'tags' /** What one entry may be; entries may then hold blanks, and only commas and line ends part them. */
        pattern?: { source: string; message: string }
      }
    | {
        kind: 'secret' /** The column that holds it closed; the field's own column only says whether there is one. */
        sealedIn: string
        maxLength?: number
        pattern?: { source: string; message: string }
      }
    | {
        kind: 'flag' /** Ticked in a new form, as the default of its column says. */
        initially?: true
      }
    | { kind: 'integer'; min?: number; max?: number; unit?: string }
    | { kind: 'choice'; choices: readonly Choice[] }
    | {
        kind: 'reference'
        to: string
        /** Offer only targets in the environment of this form. */
        sameEnvironment?: boolean
        /** A uuid[] column that holds this id and others that count as much: a filter finds the row by any of them. */
        among?: string
      }
  )

/** A field as the browser gets it: plain JSON with its name. */
export type FieldDescription = FieldSpec & { name: string }
