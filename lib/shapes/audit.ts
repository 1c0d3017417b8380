/** What recomputing the chain of the audit log gave. */
export interface AuditVerdict {
  ok: boolean
  /** Lines that were checked. */
  lines: number
  /** Hash of the last line: written down elsewhere, it also proves that no line was cut off the end. */
  head: string
  firstBroken?: number
  because?: string
}
