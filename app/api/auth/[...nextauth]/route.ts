import { NextRequest } from 'next/server'
import NextAuth from 'next-auth'
import { authOptions } from '@/lib/auth/options'
import { problem } from '@/lib/auth/problem'
import { env } from '@/lib/env'
import { webPorts } from '@/lib/web-ports'
import { readBody } from '../../_lib/serve'

type Handler = (request: Request, context: { params: Promise<{ nextauth: string[] }> }) => Promise<Response>

let handler: Handler | null = null

/** A name, a password and a token against forgery are far less; next-auth itself would read whatever comes. */
const bodyBytesMax = 16 * 1024

/** Made at the first request: a build has no configuration. The public address is the configured one, never the Host header. */
const handle: Handler = async (request, context) => {
  process.env.NEXTAUTH_URL ??= env().MATRIARCH_URL
  handler ??= NextAuth(authOptions(webPorts().directory)) as Handler
  if (request.method !== 'POST') return handler(request, context)
  try {
    const body = await readBody(request, bodyBytesMax)
    return await handler(new NextRequest(request.url, { method: 'POST', headers: request.headers, body: new Uint8Array(body) }), context)
  } catch (error) {
    return problem(error)
  }
}

export { handle as GET, handle as POST }
