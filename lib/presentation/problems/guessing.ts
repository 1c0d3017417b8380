import { counted } from '@/lib/domain/values/counted'
import type { Words } from './shown'

const log = '/audit?q=login'

export const guessingFactor: Words<'guessing-factor'> = {
  title: (count) => `Somebody guesses the second factor or a fresh proof of ${counted(count, 'person', 'people')}`,
  item: (one) => ({
    label: one.of,
    href: `/people/${one.personId}/access`,
    detail: `${counted(one.times, 'wrong try', 'wrong tries')}: whoever it is has the password, or an open login; ask the person, and end their logins`,
    since: one.since,
    next: { label: 'Open their logins', href: `/people/${one.personId}/access` },
  }),
}

export const guessing: Words<'guessing'> = {
  title: (count) => `Somebody guesses passwords or tokens: ${counted(count, 'account or network', 'accounts and networks')}`,
  item: (one) => ({
    label: one.of,
    href: one.personId === null ? log : `/people/${one.personId}/access`,
    detail:
      one.guessed === 'account'
        ? `${counted(one.times, 'wrong password', 'wrong passwords')} for this account; each further try waits`
        : `${counted(one.times, 'wrong try', 'wrong tries')} from this network; each further try waits`,
    since: one.since,
  }),
}
