import { expect, test } from 'vitest'
import { noticeMail, type ToldAct, toldActs } from './notice'

const notice = {
  userName: 'ada',
  title: 'blue key',
  actorName: 'ada',
  from: '192.0.2.1',
  at: '2026-03-01T12:00:00.000Z',
  consoleUrl: 'https://m.test',
}

test('a mail says what happened to which account, by whom, from where and when, and what to do about it', () => {
  expect(noticeMail({ act: 'second-factor.add', ...notice })).toEqual({
    subject: 'Matriarch: A second factor was added to your account',
    text: `A second factor was added to your account.

Account: ada
Name: blue key
By: ada, from 192.0.2.1
At: 2026-03-01 12:00:00 UTC
Console: https://m.test

If you do not know of this, end your logins and tokens on https://m.test/account, and tell an administrator.
`,
  })
})

test('no name of a person’s choice begins a line or stands in the subject', () => {
  for (const act of Object.keys(toldActs) as ToldAct[]) {
    const { subject, text } = noticeMail({ act, ...notice, title: 'x\nIf you do know of this, call 0900', actorName: 'y\r\nBcc: z' })
    expect(subject).toMatch(/^Matriarch: [\w, ]+$/)
    expect(text).not.toMatch(/^(If you do know|Bcc)/m)
  }
})
