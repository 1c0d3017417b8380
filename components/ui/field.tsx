import { type ReactNode, useId } from 'react'

export interface FieldIds {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': boolean | undefined
  'aria-required': boolean | undefined
}

/** Label, help and error around one input; the child gets the ids that tie them together. */
export const Field = ({
  label,
  help,
  error,
  isRequired = false,
  children,
}: {
  label: ReactNode
  help?: ReactNode
  error?: string
  isRequired?: boolean
  children: (ids: FieldIds) => ReactNode
}) => {
  const id = useId()
  const describedBy = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ') || undefined
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {isRequired && (
          <span className="font-normal text-ink-3" aria-hidden="true">
            {' '}
            (required)
          </span>
        )}
      </label>
      {children({
        id,
        'aria-describedby': describedBy,
        'aria-invalid': error ? true : undefined,
        'aria-required': isRequired || undefined,
      })}
      {help && (
        <p className="help" id={`${id}-help`}>
          {help}
        </p>
      )}
      {error && (
        <p className="error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  )
}
