import { cookies } from 'next/headers'
import { halfCookieName } from '@/lib/auth/options'
import { askPasskeyOfHalf } from '@/lib/auth/passkeys'
import { problem } from '@/lib/auth/problem'
import { json } from '../../_lib/serve'

/** What a passkey is to sign for the second half of this browser's login. `question` is null for whoever has none, or has not given a password. */
export const POST = async (): Promise<Response> => {
  try {
    return json({ question: await askPasskeyOfHalf((await cookies()).get(halfCookieName())?.value) })
  } catch (error) {
    return problem(error)
  }
}
