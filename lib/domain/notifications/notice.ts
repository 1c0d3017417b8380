/** What people are told by mail at once, whoever did it: changes of what they sign in with. Acts of the audit log. */
export const toldActs = {
  'person.password': 'The password of your account was set.',
  'person.email': 'The mail address of your account was changed. This is the last mail to the old one.',
  'second-factor.add': 'A second factor was added to your account.',
  'second-factor.remove': 'A second factor was removed from your account.',
  'second-factor.reset': 'The second factors of your account were reset: the password alone signs you in.',
  'recovery-codes.renew': 'Your recovery codes were replaced.',
  'recovery-code.use': 'A recovery code signed you in, or proved who you are.',
  'token.create': 'An API token was created in your name.',
} as const

export type ToldAct = keyof typeof toldActs

export const isToldAct = (act: string): act is ToldAct => Object.hasOwn(toldActs, act)

export interface Notice {
  act: ToldAct
  userName: string
  /** Of the factor or the token; empty: it has none. */
  title: string
  actorName: string
  /** Address the request came from. */
  from: string | null
  /** ISO time. */
  at: string
  /** Where people reach the console. */
  consoleUrl: string
}

const line = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

/** Subject and text of the mail. Names are data of people: they stand on lines of their own, and none ends one. */
export const noticeMail = ({ act, userName, title, actorName, from, at, consoleUrl }: Notice): { subject: string; text: string } => {
  const names = title !== '' && title !== userName ? [`Name: ${line(title)}`] : []
  return {
    subject: `Matriarch: ${toldActs[act].replace(/[.:].*$/s, '')}`,
    text: [
      toldActs[act],
      '',
      `Account: ${line(userName)}`,
      ...names,
      `By: ${line(actorName)}${from === null ? '' : `, from ${from}`}`,
      `At: ${at.slice(0, 19).replace('T', ' ')} UTC`,
      `Console: ${consoleUrl}`,
      '',
      `If you do not know of this, end your logins and tokens on ${consoleUrl}/account, and tell an administrator.`,
      '',
    ].join('\n'),
  }
}
