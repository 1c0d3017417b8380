/** What is wrong with which field of a body, in the words that scripts look for: answered with 400. */
export class FieldFaults extends Error {
  constructor(readonly fields: Readonly<Record<string, string[]>>) {
    super('Some fields are not valid.')
  }
}

type Sent = Readonly<Record<string, unknown>>

/** Reads fields one by one and gathers what is wrong. */
export class FieldReader {
  readonly #faults: Record<string, string[]> = {}

  constructor(
    private readonly sent: Sent,
    /** What is not sent stays as it is. */
    private readonly isPartial: boolean,
  ) {}

  has(name: string): boolean {
    return this.sent[name] !== undefined
  }

  fault(name: string, message: string): undefined {
    this.#faults[name] = [...(this.#faults[name] ?? []), message]
    return undefined
  }

  /** Text, or a number written as one. undefined: not sent, or wrong. */
  text(name: string, max: number, { isNullable = false, mayBeBlank = false } = {}): string | null | undefined {
    const value = this.sent[name]
    if (value === undefined) return isNullable || this.isPartial ? undefined : this.fault(name, 'This field is required.')
    if (value === null) return isNullable ? null : this.fault(name, 'This field may not be null.')
    if (typeof value !== 'string' && typeof value !== 'number') return this.fault(name, 'Not a valid string.')
    const text = String(value).trim()
    if (text === '' && !mayBeBlank) return this.fault(name, 'This field may not be blank.')
    return text.length > max ? this.fault(name, `Ensure this field has no more than ${max} characters.`) : text
  }

  /** The whole of it, whatever it is. */
  json(name: string): unknown {
    return this.sent[name]
  }

  /** Throws `FieldFaults`. */
  done(): void {
    if (Object.keys(this.#faults).length > 0) throw new FieldFaults(this.#faults)
  }
}
