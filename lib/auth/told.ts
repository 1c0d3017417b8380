import { decode, encode } from 'next-auth/jwt'
import { authSecret } from '@/lib/env'

const salt = 'matriarch refusal'
const seconds = 300

/** A refusal on its way to a page by an address: sealed, so that a link of somebody else's puts no words of theirs on the login page. */
export const sealTold = (text: string): Promise<string> => encode({ token: { text }, secret: authSecret(), salt, maxAge: seconds })

/** null: not ours, or too old. */
export const openTold = async (value: unknown): Promise<string | null> => {
  if (typeof value !== 'string') return null
  const token = await decode({ token: value, secret: authSecret(), salt }).catch(() => null)
  return typeof token?.text === 'string' ? token.text : null
}
