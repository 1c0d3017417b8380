import type { Answer, Mail } from '@/lib/ports/messages'

export interface MailServer {
  host: string
  port: number
  /** TLS from the first byte; otherwise STARTTLS, without which nothing is sent. */
  isTls: boolean
  login: { user: string; password: string } | null
  /** `matriarch@example.org`, or with a name before it. */
  from: string
  /** PEM, instead of those that Node trusts; undefined: those. */
  ca: readonly string[] | undefined
  /** PEM of revocation lists, read at each connection; null: revoked certificates are not noticed. */
  crl: (() => string) | null
}

const refused = (words: string): Answer => ({ isTaken: false, words })
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, 300)
const domainOf = (from: string): string => /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? 'matriarch.invalid'

/** Sends one mail over a connection of its own. Never throws. Where some recipients are refused, the others have it, and the words name who has not. */
export const sendMail = async (server: MailServer, mail: Mail, signal: AbortSignal): Promise<Answer> => {
  const { host, port, isTls, login, from, ca, crl } = server
  // Loaded by the first mail: most workers send none, and start sooner without it.
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    host,
    port,
    secure: isTls,
    requireTLS: !isTls,
    auth: login ? { user: login.user, pass: login.password } : undefined,
    tls: { ...(ca && { ca: [...ca] }), ...(crl && { crl: crl() }) },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = domainOf(from)
  const thread = mail.threadId === null ? undefined : `<${mail.threadId}@${domain}>`
  const sending = transport.sendMail({
    from,
    to: [...mail.to],
    subject: mail.subject,
    text: mail.text,
    messageId: `<${mail.id}@${domain}>`,
    ...(thread && { inReplyTo: thread, references: thread }),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Matriarch-Delivery': mail.id },
  })
  const late = new Promise<never>((_, reject) => {
    const stop = () => reject(new Error('aborted'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  try {
    const { response, rejected } = await Promise.race([sending, late])
    const without = rejected.length > 0 ? ` Refused for ${rejected.map(String).join(', ')}.` : ''
    return { isTaken: true, words: `${oneLine(response)}${without}` }
  } catch (error) {
    sending.catch(() => {})
    if (signal.aborted) return refused('The mail server did not answer in time; whether the message arrived is not known.')
    return refused(`The mail server did not take it: ${oneLine((error as Error).message)}`)
  } finally {
    transport.close()
  }
}
