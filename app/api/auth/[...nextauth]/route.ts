import NextAuth from 'next-auth'
import { authOptions } from '@/lib/auth/options'
import { env } from '@/lib/env'
import { webPorts } from '@/lib/web-ports'

type Handler = (request: Request, context: { params: Promise<{ nextauth: string[] }> }) => Promise<Response>

let handler: Handler | null = null

/** Made at the first request: a build has no configuration. The public address is the configured one, never the Host header. */
const handle: Handler = (request, context) => {
  process.env.NEXTAUTH_URL ??= env().MATRIARCH_URL
  handler ??= NextAuth(authOptions(webPorts().directory)) as Handler
  return handler(request, context)
}

export { handle as GET, handle as POST }
