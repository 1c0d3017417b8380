import type { Refusal } from '@/lib/shapes/outcome'
import { Note } from './note'

/** Why the console did not do it. `fields`: those that are told here, as no input of the page stands for them. */
export const RefusalNote = ({ refusal, fields = refusal.fields }: { refusal: Refusal; fields?: Refusal['fields'] }) => (
  <Note tone="bad" isAlert title={refusal.message}>
    {fields.map(({ path, message }) => (
      <p key={path}>
        {path}: {message}
      </p>
    ))}
  </Note>
)
