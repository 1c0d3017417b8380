/** What of a built cluster is not as it was built. */
export interface StackFinding {
  kind: 'file' | 'package' | 'unit'
  server: string
  /** Path of a file, name of a package or of a unit. */
  what: string
  /** `- line` on the host and `+ line` as declared; nothing of a secret. */
  lines: string[]
}

/** What one look at its servers found. */
export interface StackFound {
  findings: StackFinding[]
  /** Why not all of it was seen; null: it was. */
  because: string | null
}

/** What both looks found: a pooler’s file that differs while a primary moves is no difference a moment later. */
export const foundTwice = (first: readonly StackFinding[], second: readonly StackFinding[]): StackFinding[] =>
  second.filter((one) => first.some(({ kind, server, what }) => kind === one.kind && server === one.server && what === one.what))

/** From so long before its end on a certificate is told of. */
export const certificateDaysLeft = 28
