import { problem } from '@/lib/auth/problem'
import { endFromProvider } from '@/lib/auth/provider-login'
import { Fault } from '@/lib/kernel/ground/errors'
import { webPorts } from '@/lib/web-ports'
import { readBody } from '../../../_lib/serve'

const bodyBytesMax = 16 * 1024

/** OpenID Connect Back-Channel Logout: the provider tells that a login there has ended. */
export const POST = async (request: Request): Promise<Response> => {
  try {
    const { provider } = webPorts()
    if (provider === null) throw new Fault('record.missing', { because: 'No identity provider is configured.' })
    const form = new URLSearchParams(Buffer.from(await readBody(request, bodyBytesMax)).toString('utf8'))
    await endFromProvider(provider, form.get('logout_token'))
    return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    return problem(error)
  }
}
