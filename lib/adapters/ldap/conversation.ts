import { isIP } from 'node:net'
import ldap from 'ldapjs'

export interface LdapOptions {
  /** `ldaps://host[:port]`, or `ldap://host[:port]` with `startTls`. Nothing is ever sent in the clear. */
  url: string
  startTls: boolean
  /** PEM of the authority that signed the directory's certificate; null: the system's own. */
  ca: string | null
  /** PEM of its authorities' revocation lists, as they are now: read at each connection, for a list has its end too; null: revoked certificates are not noticed. */
  crl: (() => string) | null
  /** Account that may search; null: anonymous search. */
  service: { dn: string; password: string } | null
  peopleBaseDn: string
  userAttribute: string
  /** A further filter of RFC 4515 that people must pass; null: none. Accounts that are disabled never count, filter or not. */
  userFilter: string | null
  groupsBaseDn: string
  /** Milliseconds for a whole login, from the first packet to the last answer. */
  deadlineMs: number
}

export interface Entry {
  dn: string
  values: (attribute: string) => string[]
}

/** Attributes in which directories repeat an entry's own distinguished name: OpenLDAP and 389, Active Directory. */
const ownNames = ['entryDN', 'distinguishedName'] as const

/**
 * The entry of an answer. `objectName` has been through ldapjs, which loses what stands after a sign that is escaped by a backslash (`cn=dbas\\+x` becomes
 * `cn=dbas`); an attribute has not.
 */
export const entryOf = (objectName: string, found: readonly { type: string; values: string[] }[]): Entry => {
  const values = (attribute: string) => found.find(({ type }) => type.toLowerCase() === attribute.toLowerCase())?.values ?? []
  return { dn: ownNames.flatMap(values)[0] ?? objectName, values }
}

/**
 * A distinguished name as it was written, for the one place where ldapjs would read and write it again, and lose what stands after an escaped sign or blanks
 * at its ends (`ou=a\+b` becomes `ou=a`): a search would look elsewhere. What says it is a name already, it hands on.
 */
const asWritten = (dn: string): string => ({ [Symbol.toStringTag]: 'LdapDn', toString: () => dn }) as unknown as string

/** One connection, used for one question and closed. Errors that arrive between two calls end the call that waits. */
export class Conversation {
  private readonly client: ldap.Client
  private readonly broken: Promise<never>
  private readonly timer: NodeJS.Timeout

  constructor(private readonly options: LdapOptions) {
    this.client = ldap.createClient({
      url: options.url,
      tlsOptions: { ca: options.ca ?? undefined, crl: options.crl?.(), minVersion: 'TLSv1.2' },
      connectTimeout: options.deadlineMs,
      timeout: options.deadlineMs,
      reconnect: false,
    })
    let fail!: (error: unknown) => void
    this.broken = new Promise<never>((_resolve, reject) => {
      fail = reject
    })
    this.broken.catch(() => {})
    this.timer = setTimeout(() => {
      fail(new Error(`no answer within ${options.deadlineMs} ms`))
      this.client.destroy()
    }, options.deadlineMs)
    for (const event of ['error', 'connectError', 'setupError', 'connectTimeout', 'socketTimeout', 'connectRefused'] as const) {
      this.client.on(event, (error) => fail(error ?? new Error(event)))
    }
    this.client.on('close', () => fail(new Error('the directory closed the connection')))
  }

  private call<T>(start: (settle: (error: unknown, value?: T) => void) => void): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value as T))))
    return Promise.race([answer, this.broken])
  }

  async open(): Promise<void> {
    await this.call<void>((settle) => this.client.once('connect', () => settle(null)))
    if (!this.options.startTls) return
    const host = new URL(this.options.url).hostname.replace(/^\[|\]$/g, '')
    // Without `host` Node would compare the certificate with "localhost"; a server name may not be an address.
    const tls = {
      ca: this.options.ca ?? undefined,
      crl: this.options.crl?.(),
      minVersion: 'TLSv1.2',
      host,
      servername: isIP(host) ? undefined : host,
    }
    await this.call<void>((settle) => this.client.starttls(tls, [], (error) => settle(error)))
  }

  bind(dn: string, password: string): Promise<void> {
    return this.call((settle) => this.client.bind(dn, password, (error) => settle(error)))
  }

  search(
    base: string,
    filter: ldap.Filter | string,
    attributes: string[],
    sizeLimit: number,
    scope: 'sub' | 'base' = 'sub',
  ): Promise<Entry[]> {
    return this.call((settle) => {
      const entries: Entry[] = []
      this.client.search(
        asWritten(base),
        { scope, filter, attributes: [...attributes, ...ownNames], sizeLimit, timeLimit: Math.ceil(this.options.deadlineMs / 1000) },
        (error, answer) => {
          if (error) return settle(error)
          answer.on('searchEntry', ({ pojo }) => {
            const found: { type: string; values: string[] }[] = pojo.attributes
            entries.push(entryOf(pojo.objectName, found))
          })
          // Size limit exceeded still delivered what fits.
          answer.on('error', (problem) => (problem.code === 4 ? settle(null, entries) : settle(problem)))
          answer.on('end', () => settle(null, entries))
        },
      )
    })
  }

  close(): void {
    clearTimeout(this.timer)
    this.client.destroy()
  }
}
