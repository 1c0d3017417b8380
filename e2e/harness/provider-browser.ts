/** A browser at an identity provider, as far as a login needs one: it keeps cookies and follows redirects. */
export class ProviderBrowser {
  private readonly jar = new Map<string, string>()

  /** Signs in as this person where the provider asks; as whoever is signed in there already where it does not. Where the provider sends the browser then. */
  async signIn(address: string, person: { user: string; password: string }): Promise<URL> {
    const issuer = new URL(address).origin
    let next = new URL(address)
    let asked = false
    for (let hops = 0; hops < 12; hops++) {
      if (next.origin !== issuer) return next
      const isForm = next.pathname.startsWith('/sign-in/')
      if (isForm && asked) throw new Error('The provider asks again.')
      asked ||= isForm
      const answer = await this.go(next, isForm ? new URLSearchParams(person) : undefined)
      const location = answer.headers.get('location')
      if (location === null) throw new Error(`${next.pathname} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`)
      next = new URL(location, next)
    }
    throw new Error('The provider sends the browser in a circle.')
  }

  /** Ends the login there. */
  async signOut(issuer: string): Promise<void> {
    const page = await (await this.go(new URL('/session/end', issuer))).text()
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1]
    await this.go(new URL('/session/end/confirm', issuer), new URLSearchParams({ xsrf: xsrf ?? '', logout: 'yes' }))
  }

  private async go(address: URL, body?: URLSearchParams): Promise<Response> {
    const answer = await fetch(address, {
      method: body ? 'POST' : 'GET',
      body,
      redirect: 'manual',
      headers: { cookie: [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ') },
    })
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      if (/expires=Thu, 01 Jan 1970/i.test(line)) this.jar.delete(pair.slice(0, at))
      else this.jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return answer
  }
}
