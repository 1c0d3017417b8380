import { isIP } from 'node:net'
import ldap from 'ldapjs'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Directory, DirectoryPerson, DirectoryStep } from '@/lib/ports/directory'

export interface LdapOptions {
  /** `ldaps://host[:port]`, or `ldap://host[:port]` with `startTls`. Nothing is ever sent in the clear. */
  url: string
  startTls: boolean
  /** PEM of the authority that signed the directory's certificate; null: the system's own. */
  ca: string | null
  /** Account that may search; null: anonymous search. */
  service: { dn: string; password: string } | null
  peopleBaseDn: string
  userAttribute: string
  groupsBaseDn: string
  /** Milliseconds for a whole login, from the first packet to the last answer. */
  deadlineMs: number
}

interface Entry {
  dn: string
  values: (attribute: string) => string[]
}

/** Result codes by which a directory says "not with this password": wrong, expired, locked, not allowed to bind. */
const refusals = new Set([19, 32, 34, 48, 49, 50, 53])

const down = (because: string, cause?: unknown) => new Fault('auth.directory-down', { because }, { cause })

const reason = (error: unknown): string => {
  const { name, message } = error as Error
  return message && message !== name ? message : name
}

/** One connection, used for one question and closed. Errors that arrive between two calls end the call that waits. */
class Conversation {
  private readonly client: ldap.Client
  private readonly broken: Promise<never>
  private readonly timer: NodeJS.Timeout

  constructor(private readonly options: LdapOptions) {
    this.client = ldap.createClient({
      url: options.url,
      tlsOptions: { ca: options.ca ?? undefined, minVersion: 'TLSv1.2' },
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
    const tls = { ca: this.options.ca ?? undefined, minVersion: 'TLSv1.2', host, servername: isIP(host) ? undefined : host }
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
        base,
        { scope, filter, attributes, sizeLimit, timeLimit: Math.ceil(this.options.deadlineMs / 1000) },
        (error, answer) => {
          if (error) return settle(error)
          answer.on('searchEntry', ({ pojo }) => {
            const found: { type: string; values: string[] }[] = pojo.attributes
            entries.push({
              dn: pojo.objectName,
              values: (attribute) => found.find(({ type }) => type.toLowerCase() === attribute.toLowerCase())?.values ?? [],
            })
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

const findPerson = async (talk: Conversation, options: LdapOptions, userName: string): Promise<Entry | null> => {
  const filter = new ldap.EqualityFilter({ attribute: options.userAttribute, value: userName })
  const found = await talk.search(options.peopleBaseDn, filter, [options.userAttribute, 'cn', 'displayName', 'mail'], 2)
  if (found.length > 1) throw down(`${found.length} entries have ${options.userAttribute}=${userName}; no person of that name can sign in`)
  return found[0] ?? null
}

const findGroups = async (talk: Conversation, options: LdapOptions, person: Entry, userName: string): Promise<string[]> => {
  const filter = new ldap.OrFilter({
    filters: [
      new ldap.EqualityFilter({ attribute: 'member', value: person.dn }),
      new ldap.EqualityFilter({ attribute: 'uniqueMember', value: person.dn }),
      new ldap.EqualityFilter({ attribute: 'memberUid', value: userName }),
    ],
  })
  const found = await talk.search(options.groupsBaseDn, filter, ['cn'], 1000)
  return [...new Set(found.flatMap((entry) => entry.values('cn')).map((name) => name.toLowerCase()))].sort()
}

const asPerson = (entry: Entry, options: LdapOptions, groups: string[]): DirectoryPerson => ({
  userName: (entry.values(options.userAttribute)[0] ?? '').toLowerCase(),
  fullName: entry.values('displayName')[0] ?? entry.values('cn')[0] ?? '',
  email: entry.values('mail')[0] ?? '',
  groups,
})

const converse = async <T>(options: LdapOptions, work: (talk: Conversation) => Promise<T>): Promise<T> => {
  const talk = new Conversation(options)
  try {
    await talk.open()
    return await work(talk)
  } catch (error) {
    if (isFault(error)) throw error
    throw down(`The directory ${options.url} does not answer as it should: ${reason(error)}. A local account still works.`, error)
  } finally {
    talk.close()
  }
}

const bindService = async (talk: Conversation, options: LdapOptions): Promise<void> => {
  if (!options.service) return
  try {
    await talk.bind(options.service.dn, options.service.password)
  } catch (error) {
    if (!refusals.has((error as { code?: number }).code ?? -1)) throw error
    throw down(`The directory refuses the console’s own account ${options.service.dn}. A local account still works.`, error)
  }
}

const lookUp = async (talk: Conversation, options: LdapOptions, userName: string) => {
  await bindService(talk, options)
  const entry = await findPerson(talk, options, userName)
  return entry && { entry, person: asPerson(entry, options, await findGroups(talk, options, entry, userName)) }
}

const authenticate = (options: LdapOptions, userName: string, password: string): Promise<DirectoryPerson> => {
  // An empty password is an anonymous bind, which many directories answer with success.
  if (userName === '' || password === '') return Promise.reject(new Fault('auth.rejected'))
  return converse(options, async (talk) => {
    const found = await lookUp(talk, options, userName)
    if (!found) throw new Fault('auth.rejected')
    try {
      await talk.bind(found.entry.dn, password)
    } catch (error) {
      if (refusals.has((error as { code?: number }).code ?? -1)) throw new Fault('auth.rejected', {}, { cause: error })
      throw error
    }
    return found.person
  })
}

const check = async (options: LdapOptions, login?: { userName: string; password: string }): Promise<DirectoryStep[]> => {
  const steps: DirectoryStep[] = [
    { name: 'connect', title: 'Connects, certificate verified', verdict: 'skipped', because: '' },
    { name: 'bind', title: 'Accepts the console’s account', verdict: 'skipped', because: '' },
    { name: 'people', title: 'Shows people', verdict: 'skipped', because: '' },
    { name: 'groups', title: 'Shows groups', verdict: 'skipped', because: '' },
    { name: 'login', title: 'Accepts a person', verdict: 'skipped', because: 'no user name was given' },
  ]
  const talk = new Conversation(options)
  const take = async (index: number, work: () => Promise<string>) => {
    const step = steps[index]!
    try {
      Object.assign(step, { because: await work(), verdict: 'pass' })
    } catch (error) {
      Object.assign(step, { because: reason(error), verdict: 'fail' })
      throw error
    }
  }
  try {
    await take(0, async () => {
      await talk.open()
      return `${options.url}${options.startTls ? ' with StartTLS' : ''}`
    })
    await take(1, async () => {
      await bindService(talk, options)
      return options.service?.dn ?? 'searches anonymously'
    })
    await take(2, async () => {
      const found = await talk.search(options.peopleBaseDn, `(${options.userAttribute}=*)`, [options.userAttribute], 1)
      if (found.length === 0) throw new Error(`nobody under ${options.peopleBaseDn} has ${options.userAttribute}`)
      return `${options.peopleBaseDn}, by ${options.userAttribute}`
    })
    await take(3, async () => {
      const found = await talk.search(options.groupsBaseDn, '(|(member=*)(uniqueMember=*)(memberUid=*))', ['cn'], 100)
      if (found.length === 0) throw new Error(`no group with members under ${options.groupsBaseDn}`)
      return found
        .flatMap((entry) => entry.values('cn'))
        .sort()
        .join(', ')
    })
    if (login && login.userName !== '') {
      await take(4, async () => {
        const person = await authenticate(options, login.userName, login.password)
        return `${person.fullName || person.userName}: ${person.groups.join(', ') || 'in no group'}`
      })
    }
  } catch {
    // The failed step carries the reason; the ones after it stay skipped.
  } finally {
    talk.close()
  }
  return steps
}

/** A directory over LDAPS or StartTLS, its certificate verified. Each question is its own connection with its own deadline. */
export const makeLdapDirectory = (options: LdapOptions): Directory => ({
  authenticate: (userName, password) => authenticate(options, userName, password),
  find: (userName) => converse(options, async (talk) => (await lookUp(talk, options, userName))?.person ?? null),
  check: (login) => check(options, login),
})
