import { addToken, type NewToken } from '@/db/people/tokens'
import type { Actor } from '@/lib/kernel/access/access'
import { makeSecret } from './secrets'

/** Makes a token for the person who is signed in. `token` is shown once: only its hash is kept. */
export const createToken = async (actor: Actor, wanted: NewToken): Promise<{ id: string; token: string }> => {
  const secret = makeSecret('mat')
  const { id } = await addToken(actor, wanted, secret)
  return { id, token: secret.whole }
}
