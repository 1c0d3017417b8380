import type { Message } from '../domain/notifications/message'

/** Where messages of a subscription go, with its secrets opened. */
export type Destination =
  | {
      channel: 'webhook'
      url: string
      /** Each signs; two while one replaces the other. */
      secrets: readonly string[]
    }
  | { channel: 'slack'; url: string }
  | {
      channel: 'pagerduty'
      /** null: PagerDuty’s own. */
      url: string | null
      routingKey: string
    }
  | { channel: 'email'; recipients: readonly string[] }

export interface Answer {
  isTaken: boolean
  /** What the destination said, or why nothing was sent, in words that a person may see. */
  words: string
}

/** A mail in its own words. */
export interface Mail {
  id: string
  to: readonly string[]
  subject: string
  text: string
  /** Mails with the same one are one thread; null: none. */
  threadId: string | null
}

export interface Messages {
  /**
   * Sends once and says what came of it; never throws. An answer that did not come in time is `isTaken: false`: it may have arrived, and is sent again under the
   * same id.
   */
  send: (destination: Destination, message: Message, signal: AbortSignal) => Promise<Answer>
  /** As `send`; null: there is no mail server. */
  mail: ((mail: Mail, signal: AbortSignal) => Promise<Answer>) | null
}
