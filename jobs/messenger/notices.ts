import { noteNotice, takeNotice } from '@/db/trail/notices'
import { noticeMail } from '@/lib/domain/notifications/notice'
import { backOff, giveUpAfterMs } from '@/lib/domain/notifications/pace'
import type { SenderOptions } from './send'

const sendWithinMs = 10_000

/** Mails people what has changed of what they sign in with, one by one, until nothing is left that no other sender has. Without a mail server nothing is sent. */
export const sendNotices = async ({ messages: { mail }, consoleUrl }: Pick<SenderOptions, 'messages' | 'consoleUrl'>): Promise<void> => {
  if (mail === null) return
  for (let due = await takeNotice(); due !== null; due = await takeNotice()) {
    const answer = await mail(
      { id: due.id, to: [due.address], threadId: null, ...noticeMail({ ...due, consoleUrl: consoleUrl.replace(/\/+$/, '') }) },
      AbortSignal.timeout(sendWithinMs),
    )
    const next = Date.now() + backOff(due.attempts, Math.random())
    const isOver = answer.isTaken || next - Date.parse(due.at) > giveUpAfterMs
    await noteNotice(due.id, answer.words, isOver ? null : new Date(next))
  }
}
