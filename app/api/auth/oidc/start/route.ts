import type { NextRequest } from 'next/server'
import { currentActor } from '@/lib/auth/actor'
import { askProvider } from '@/lib/auth/provider-login'
import { Fault } from '@/lib/kernel/ground/errors'
import { webPorts } from '@/lib/web-ports'
import { ended, going, setCarried } from '../answer'

/** Sends the browser to the identity provider: to sign in, or (`for=proof`) to prove again who is signed in here. */
export const GET = async ({ nextUrl: { searchParams } }: NextRequest): Promise<Response> => {
  const isProof = searchParams.get('for') === 'proof'
  try {
    const { provider } = webPorts()
    if (provider === null) throw new Fault('record.missing', { because: 'No identity provider is configured.' })
    const actor = isProof ? await currentActor() : null
    if (isProof && actor === null) throw new Fault('auth.required')
    const { address, cookie } = await askProvider(provider, { path: searchParams.get('path'), proof: actor })
    return setCarried(going(address), cookie)
  } catch (error) {
    return ended(error, isProof)
  }
}
