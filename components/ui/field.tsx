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
  isBeside = false,
  children,
}: {
  label: ReactNode
  help?: ReactNode
  error?: string
  isRequired?: boolean
  /** A checkbox stands before its label. */
  isBeside?: boolean
  children: (ids: FieldIds) => ReactNode
}) => {
  const id = useId()
  const describedBy = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ') || undefined
  const input = children({
    id,
    'aria-describedby': describedBy,
    'aria-invalid': error ? true : undefined,
    'aria-required': isRequired || undefined,
  })
  return (
    <div className={isBeside ? 'field beside' : 'field'}>
      {isBeside && input}
      <label htmlFor={id}>
        {label}
        {isRequired && (
          <span className="font-normal text-ink-3" aria-hidden="true">
            {' '}
            (required)
          </span>
        )}
      </label>
      {!isBeside && input}
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
