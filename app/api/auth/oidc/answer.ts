import { NextResponse } from 'next/server'
import { providerCookie, providerCookieName } from '@/lib/auth/options'
import { sealTold } from '@/lib/auth/told'
import { env } from '@/lib/env'
import { toFault } from '@/lib/kernel/ground/errors'
import { logger } from '@/lib/log'

/** To a page of the console, or to the provider. Not kept by anybody: it carries what is used once. */
export const going = (to: string): NextResponse => {
  const response = NextResponse.redirect(new URL(to, env().MATRIARCH_URL), 303)
  response.headers.set('cache-control', 'no-store')
  return response
}

export const setCarried = (response: NextResponse, cookie: string): NextResponse => {
  response.cookies.set(providerCookieName(), cookie, providerCookie())
  return response
}

export const dropCarried = (response: NextResponse): NextResponse => {
  response.cookies.set(providerCookieName(), '', { ...providerCookie(), maxAge: 0 })
  return response
}

/** Back on the page that asked, with why nothing came of it. */
export const ended = async (error: unknown, isProof: boolean): Promise<NextResponse> => {
  const fault = toFault(error)
  if (fault.code === 'internal.bug') logger().error({ err: fault.cause }, 'login at the identity provider failed')
  else logger().warn({ err: fault }, 'login at the identity provider failed')
  // Where the provider is, is nothing for people who have not signed in.
  const because = fault.code === 'auth.provider-down' ? undefined : fault.facts.because
  const told = await sealTold(because ? `${fault.code}: ${because}` : fault.code)
  return dropCarried(going(`${isProof ? '/proved' : '/login'}?error=${told}`))
}
