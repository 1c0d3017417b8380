/** An append-only store of signed checkpoints, each a line. */
export interface CheckpointStore {
  /** `host:/path`; `database`. */
  place: string
  /**
   * Documents behind a cursor (0: from the first), and the cursor behind the last whole one. `isCut`: the store ends before the cursor. null: there is none yet.
   * Throws an Error that says what to mend.
   */
  read: (cursor: number) => Promise<{ documents: string[]; cursor: number; isCut: boolean } | null>
  /** Adds one; resolves once the disk has it. Throws an Error that says what to mend, and then nothing was added. */
  append: (document: string) => Promise<void>
}

/** Somewhere else that checkpoints and alarms are told, and never asked for again. */
export interface CheckpointSink {
  /** As it was configured; no secret. */
  address: string
  /** Throws an Error with the address when it was not taken. */
  send: (kind: 'checkpoint' | 'alarm', text: string, signal: AbortSignal) => Promise<void>
}
