import { repeat } from '../queue/schedule'
import { type SenderOptions, sendDue } from './send'
import { watchTroubles } from './watch'

const watchEveryMs = 5_000
const sendEveryMs = 1_000
/** Subscriptions served at once by one worker: a slow destination keeps no other waiting. */
const lanes = 4

/** Sees troubles begin and end, and tells those who want to know. Any number of workers may do so. */
export const startMessenger = (options: SenderOptions): { stop: () => Promise<void> } =>
  repeat(
    [
      { name: 'troubles', everyMs: watchEveryMs, work: watchTroubles },
      ...Array.from({ length: lanes }, (_, lane) => ({ name: `messages ${lane + 1}`, everyMs: sendEveryMs, work: () => sendDue(options) })),
    ],
    options.log,
  )
