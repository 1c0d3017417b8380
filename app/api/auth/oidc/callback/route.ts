import type { NextRequest } from 'next/server'
import { currentActor } from '@/lib/auth/actor'
import { addressOf } from '@/lib/auth/address'
import { sealSessionId } from '@/lib/auth/cookie'
import { SecondFactorNeeded } from '@/lib/auth/login'
import { halfCookie, halfCookieName, providerCookieName, sessionCookie, sessionCookieName } from '@/lib/auth/options'
import { carriedBy, takeAnswer } from '@/lib/auth/provider-login'
import { env } from '@/lib/env'
import { Fault } from '@/lib/kernel/ground/errors'
import { webPorts } from '@/lib/web-ports'
import { dropCarried, ended, going } from '../answer'

/** Where the identity provider sends the browser back to. */
export const GET = async (request: NextRequest): Promise<Response> => {
  const cookie = request.cookies.get(providerCookieName())?.value
  try {
    const { provider } = webPorts()
    if (provider === null) throw new Fault('record.missing', { because: 'No identity provider is configured.' })
    const visit = { from: addressOf(request.headers), userAgent: request.headers.get('user-agent') }
    const done = await takeAnswer(provider, request.nextUrl.searchParams, { cookie, actor: await currentActor(), visit })
    if (done.kind === 'proof') return dropCarried(going('/proved'))
    const response = dropCarried(going(done.path))
    response.cookies.set(sessionCookieName(), await sealSessionId(done.sessionId), {
      ...sessionCookie(),
      maxAge: env().SESSION_HOURS * 3600,
    })
    return response
  } catch (error) {
    const carried = await carriedBy(cookie)
    if (!(error instanceof SecondFactorNeeded)) return ended(error, carried !== null && carried.sessionId !== null)
    const response = dropCarried(going(`/login?step=code&callbackUrl=${encodeURIComponent(carried?.path ?? '/')}`))
    response.cookies.set(halfCookieName(), error.half, halfCookie())
    return response
  }
}
