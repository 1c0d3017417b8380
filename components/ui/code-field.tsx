import type { Ref } from 'react'
import { Field } from './field'

/** Asks for the code of an authenticator app, or a recovery code in its place. */
export const CodeField = ({
  reference,
  error,
  help = 'Six digits from your authenticator app, or one of your recovery codes.',
}: {
  reference: Ref<HTMLInputElement>
  error?: string | undefined
  help?: string
}) => (
  <Field label="Code of your second factor" help={help} error={error}>
    {(ids) => (
      <input
        {...ids}
        ref={reference}
        name="code"
        className="input mono"
        autoComplete="one-time-code"
        autoCapitalize="none"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: it appears when it is all that is missing
        autoFocus
        required
      />
    )}
  </Field>
)
