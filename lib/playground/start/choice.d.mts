/** What `npm start` was asked for. */
export interface Choice {
  /** On 127.0.0.1; 0 takes a free one. */
  port: number
  /** null: the usual six. */
  hosts: number | null
  hasPlayground: boolean
  /** Absolute. */
  stateDirectory: string
}
/** Ends the process with 2 and the usage when it makes no sense, with 0 after help. */
export declare const readChoice: (args: string[]) => Choice
