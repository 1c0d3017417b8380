import type { RefCallback } from 'react'
import type { FieldIds } from '@/components/ui/field'
import type { FieldDescription } from '@/lib/kernel/resource/field'
import type { ReferenceOption } from '@/lib/shapes/list'

/** Looks for targets of a reference field by words; rejects with a sentence. */
export type FindOptions = (field: string, search: string, environmentId: string | null) => Promise<ReferenceOption[]>

/** What an input holds: always a text or a flag; the form's schema turns it into the stored value. */
export type InputValue = string | boolean

/** What every input of a form is given. */
export interface InputProps {
  field: FieldDescription
  ids: FieldIds
  name: string
  value: InputValue
  onChange: (value: InputValue) => void
  onBlur: () => void
  isDisabled?: boolean
  /** The element that takes the focus when the form points here. */
  focusRef?: RefCallback<HTMLElement>
  /** For references: how to look for targets, the title of the one chosen, and where they must live. */
  find?: FindOptions
  title?: string
  environmentId?: string | null
  onOption?: (option: ReferenceOption) => void
}
