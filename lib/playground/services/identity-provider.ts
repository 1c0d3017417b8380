import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Configuration, Provider } from 'oidc-provider'

/** Somebody who signs in at the provider. `isGone`: let go there, so that it vouches for them no more. */
export interface ProvidedPerson {
  user: string
  fullName: string
  password: string
  groups: string[]
  isGone?: boolean
}

export interface RunningIdentityProvider {
  issuer: string
  clientId: string
  clientSecret: string
  /** Changed in place, what it says changes. */
  people: ProvidedPerson[]
  stop: () => Promise<void>
}

const clientId = 'matriarch'
const scopes = 'openid profile email groups offline_access'
const bodyBytesMax = 10_000

/** Quick warnings about what a playground has on purpose: state in memory, whatever Node runs it. */
const quietly = async <T>(work: () => Promise<T>): Promise<T> => {
  const { warn } = console
  console.warn = () => {}
  try {
    return await work()
  } finally {
    console.warn = warn
  }
}

const configuration = (people: readonly ProvidedPerson[], client: NonNullable<Configuration['clients']>[number]): Configuration => ({
  clients: [client],
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  jwks: {
    keys: [
      { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' },
    ] as never,
  },
  scopes: scopes.split(' '),
  claims: {
    openid: ['sub'],
    profile: ['name', 'preferred_username'],
    email: ['email'],
    groups: ['groups'],
    acr: null,
    amr: null,
    auth_time: null,
    sid: null,
  },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: async (context, form) => {
        context.body = html(
          `<p>Sign out of the playground’s identity provider?</p>${form}<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`,
        )
      },
    },
  },
  // The console is on this machine, which the library's own dispatcher does not call.
  fetch: (url, options) => globalThis.fetch(url, { ...options, dispatcher: undefined } as RequestInit),
  ttl: { AccessToken: 300, IdToken: 300, RefreshToken: 14 * 24 * 3600, Session: 14 * 24 * 3600, Grant: 14 * 24 * 3600, Interaction: 900 },
  issueRefreshToken: async () => true,
  interactions: { url: (_, { uid }) => `/sign-in/${uid}` },
  findAccount: (_, id) => {
    const person = people.find(({ user, isGone }) => user === id && !isGone)
    if (person === undefined) return undefined
    const claims = {
      sub: id,
      name: person.fullName,
      preferred_username: person.user,
      email: `${person.user}@sso.test`,
      groups: person.groups,
    }
    return { accountId: id, claims: () => claims }
  },
  // The console is the company's own: nobody is asked whether it may know their name.
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! })
    grant.addOIDCScope(scopes)
    await grant.save()
    return grant
  },
})

/** A real OpenID Connect provider on 127.0.0.1 (`oidc-provider`), whose login page offers its people to try. */
export const startIdentityProvider = async ({
  redirectUri,
  backchannelUri,
  people,
  port = 0,
}: {
  redirectUri: string
  backchannelUri: string
  people: ProvidedPerson[]
  port?: number
}): Promise<RunningIdentityProvider> => {
  const clientSecret = randomBytes(24).toString('base64url')
  let provider: Provider | null = null
  const server = createServer((request, response) => {
    const uid = /^\/sign-in\/([\w-]+)$/.exec(request.url ?? '')?.[1]
    if (uid === undefined) return void provider!.callback()(request, response)
    signIn(provider!, people, request, response).catch((error: Error) => response.writeHead(400).end(error.message))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const issuer = `http://localhost:${(server.address() as { port: number }).port}`
  provider = await quietly(async () => {
    const library = await import('oidc-provider')
    return new library.Provider(
      issuer,
      configuration(people, {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        backchannel_logout_uri: backchannelUri,
        backchannel_logout_session_required: true,
      }),
    )
  })
  return {
    issuer,
    clientId,
    clientSecret,
    people,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const signIn = async (
  provider: Provider,
  people: readonly ProvidedPerson[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const { params } = await provider.interactionDetails(request, response)
  if (request.method !== 'POST') return page(response, 200, people, String(params.client_id), '')
  const form = await formOf(request)
  const person = people.find(({ user, password, isGone }) => user === form.get('user') && password === form.get('password') && !isGone)
  if (person === undefined) return page(response, 401, people, String(params.client_id), 'The name or the password is wrong.')
  await provider.interactionFinished(request, response, { login: { accountId: person.user, amr: ['pwd'] } })
}

const formOf = async (request: IncomingMessage): Promise<URLSearchParams> => {
  let text = ''
  for await (const piece of request.setEncoding('utf8')) {
    text += piece
    if (text.length > bodyBytesMax) throw new Error('too long')
  }
  return new URLSearchParams(text)
}

const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)

const page = (response: ServerResponse, status: number, people: readonly ProvidedPerson[], client: string, problem: string): void => {
  const offered = people.map(
    ({ user, fullName, password }) => `<li>${escaped(fullName)}: <code>${escaped(user)} · ${escaped(password)}</code></li>`,
  )
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(
    html(`<p>The playground’s identity provider signs you in to <b>${escaped(client)}</b>.</p>
${problem && `<p role="alert"><b>${escaped(problem)}</b></p>`}
<form method="post"><label>User name <input name="user" autofocus required></label>
<label>Password <input name="password" type="password" required></label><button>Continue</button></form>
<p>To try:</p><ul>${offered.join('')}</ul>`),
  )
}

const html = (body: string): string => `<!doctype html>
<html lang="en"><head><title>Playground sign-in</title><meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui;max-width:24rem;margin:3rem auto;padding:0 1rem}label{display:block;margin:.75rem 0}input{width:100%;font:inherit;padding:.3rem}</style></head>
<body><h1>Playground sign-in</h1>${body}</body></html>`
