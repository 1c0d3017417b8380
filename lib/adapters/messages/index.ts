import { createHmac } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { mailOf, pagerDutyBodies, slackBody, webhookBody } from '@/lib/domain/notifications/bodies'
import type { Message } from '@/lib/domain/notifications/message'
import { signatureHeader, signatureValue, signedText } from '@/lib/domain/notifications/signature'
import type { Answer, Destination, Messages } from '@/lib/ports/messages'
import { makeAllowed } from './allowed'
import { type MailServer, sendMail } from './mail'
import { type PostOptions, post } from './post'

export interface MessagesOptions {
  /** CIDRs of private networks that messages may go to. */
  networks: readonly string[]
  /** PEM of authorities that are trusted besides those that Node trusts; null: none. */
  ca: string | null
  /** null: no mail is sent. */
  mail: Omit<MailServer, 'ca'> | null
}

const pagerDutyUrl = 'https://events.pagerduty.com/v2/enqueue'

/** The real senders. Throws RangeError for a network that is none. */
export const makeMessages = ({ networks, ca, mail }: MessagesOptions): Messages => {
  const trusted = ca === null ? undefined : [...rootCertificates, ca]
  const web: PostOptions = { allowed: makeAllowed(networks), ca: trusted }
  return {
    mail: mail === null ? null : (one, signal) => sendMail({ ...mail, ca: trusted }, one, signal),
    send: (destination, message, signal) => {
      if (destination.channel === 'webhook') return sendWebhook(web, destination, message, signal)
      if (destination.channel === 'slack') return post(web, destination.url, json(slackBody(message)), signal)
      if (destination.channel === 'pagerduty') return sendToPagerDuty(web, destination, message, signal)
      if (mail === null)
        return Promise.resolve({ isTaken: false, words: 'No mail server is configured: set SMTP_URL and SMTP_FROM for the worker.' })
      return sendMail({ ...mail, ca: trusted }, { id: message.id, to: destination.recipients, ...mailOf(message) }, signal)
    },
  }
}

const json = (body: unknown, headers: Readonly<Record<string, string>> = {}) => ({ body: JSON.stringify(body), headers })

type To<Channel extends Destination['channel']> = Extract<Destination, { channel: Channel }>

const sendWebhook = (web: PostOptions, { url, secrets }: To<'webhook'>, message: Message, signal: AbortSignal): Promise<Answer> => {
  if (secrets.length === 0)
    return Promise.resolve({ isTaken: false, words: 'It has no signing secret yet. Create one on the subscription’s page.' })
  const body = JSON.stringify(webhookBody(message))
  const at = Math.floor(Date.now() / 1000)
  const signatures = secrets.map((secret) => createHmac('sha256', secret).update(signedText(at, body)).digest('hex'))
  const headers = { [signatureHeader]: signatureValue(at, signatures), 'idempotency-key': message.id }
  return post(web, url, { body, headers }, signal)
}

/** One event after the other: an acknowledgement must not overtake its trigger. */
const sendToPagerDuty = async (web: PostOptions, { url, routingKey }: To<'pagerduty'>, message: Message, signal: AbortSignal) => {
  let answer: Answer = { isTaken: false, words: 'There was nothing to send.' }
  for (const event of pagerDutyBodies(message, routingKey)) {
    answer = await post(web, url ?? pagerDutyUrl, json(event), signal)
    if (!answer.isTaken) return answer
  }
  return answer
}
