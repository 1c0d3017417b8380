import { repeat } from '../queue/schedule'
import { sendNotices } from './notices'
import { type SenderOptions, sendDue } from './send'
import { watchTroubles } from './watch'

const watchEveryMs = 5_000
const sendEveryMs = 1_000
const noticesEveryMs = 5_000
/** Subscriptions served at once by one worker: a slow destination keeps no other waiting. */
const lanes = 4

/** Sees troubles begin and end, and tells those who want to know. Any number of workers may do so. */
export const startMessenger = (options: SenderOptions): { stop: () => Promise<void> } =>
  repeat(
    [
      { name: 'troubles', everyMs: watchEveryMs, work: watchTroubles },
      { name: 'notices', everyMs: noticesEveryMs, work: () => sendNotices(options) },
      ...Array.from({ length: lanes }, (_, lane) => ({ name: `messages ${lane + 1}`, everyMs: sendEveryMs, work: () => sendDue(options) })),
    ],
    options.log,
  )
