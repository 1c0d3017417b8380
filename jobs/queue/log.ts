/** What the parts of a worker need of its log. Never a password, a token or a key. */
export interface Log {
  info: (facts: object, text: string) => void
  warn: (facts: object, text: string) => void
  error: (facts: object, text: string) => void
}
