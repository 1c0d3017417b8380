/** Something the lab cannot do, in a sentence for a person; `hint` says what would make it possible. */
export class LabError extends Error {
  readonly hint: string | undefined
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'LabError'
    this.hint = options.hint
  }
}
