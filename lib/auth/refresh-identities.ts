import { claimIdentity, endOldVouching, type Identity, noteSilence, rememberIdentityState } from '@/db/people/identities'
import { isFault } from '@/lib/kernel/ground/errors'
import type { IdentityProvider } from '@/lib/ports/identity-provider'
import { sealedUnder } from './sealed'

const tokens = sealedUnder('matriarch refresh tokens of identity providers')
const purposeOf = ({ issuer, subject }: Identity): string => JSON.stringify([issuer, subject])

export const sealRefreshToken = (token: string, of: Identity): string => tokens.seal(token, purposeOf(of))

const askAgainMinutes = 15
const atOnceMax = 100

const silent = async (error: unknown): Promise<never> => {
  if (isFault(error, 'auth.provider-down')) await noteSilence(askAgainMinutes)
  throw error
}

/**
 * Asks the provider again after everybody who holds something, so that who left a group there, or was let go, holds nothing by it soon. One that is down
 * changes nothing at first; who cannot be asked, or is not answered for, stays vouched for `vouchedHours`. Returns how many were asked. Throws `auth.provider-down`.
 */
export const refreshIdentities = async (provider: IdentityProvider | null, vouchedHours: number): Promise<number> => {
  await endOldVouching(vouchedHours, provider === null)
  let asked = 0
  for (; provider !== null && asked < atOnceMax; asked++) {
    const one = await claimIdentity(askAgainMinutes)
    if (one === null) break
    const token = tokens.open(one.refreshToken, purposeOf(one))
    // Sealed under another AUTH_SECRET, which ended every login too.
    const state = token === null ? null : await provider.askAgain(token, one.subject).catch(silent)
    const refreshToken = state?.refreshToken ? sealRefreshToken(state.refreshToken, one) : null
    await rememberIdentityState(one.personId, state && { groups: state.groups, refreshToken }, one.refreshToken)
  }
  return asked
}
