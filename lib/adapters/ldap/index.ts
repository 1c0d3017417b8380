import ldap from 'ldapjs'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Directory, DirectoryPerson, DirectoryStep } from '@/lib/ports/directory'
import { Conversation, type LdapOptions } from './conversation'
import { asPerson, down, findGroups, findPerson, isGroup, namesOrNone } from './people'

export type { LdapOptions } from './conversation'

/** Result codes by which a directory says "not with this password": wrong, expired, locked, not allowed to bind. */
const refusals = new Set([19, 32, 34, 48, 49, 50, 53])

const reason = (error: unknown): string => {
  const { name, message } = error as Error
  return message && message !== name ? message : name
}

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
      const anybody = new ldap.PresenceFilter({ attribute: options.userAttribute })
      const filter =
        options.userFilter === null ? anybody : new ldap.AndFilter({ filters: [ldap.parseFilter(options.userFilter), anybody] })
      const found = await talk.search(options.peopleBaseDn, filter, [options.userAttribute], 1)
      if (found.length === 0) throw new Error(`nobody under ${options.peopleBaseDn} has ${options.userAttribute}`)
      return `${options.peopleBaseDn}, by ${options.userAttribute}`
    })
    await take(3, async () => {
      const found = await talk.search(options.groupsBaseDn, isGroup(), ['cn'], 100)
      if (found.length === 0) throw new Error(`no group under ${options.groupsBaseDn}`)
      return found
        .map(({ dn }) => namesOrNone(dn, options.groupsBaseDn).at(-1) ?? dn)
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

/**
 * A directory over LDAPS or StartTLS, its certificate verified. Each question is its own connection with its own deadline.
 * Throws an Error that names `userFilter` when it is no filter.
 */
export const makeLdapDirectory = (options: LdapOptions): Directory => {
  checkFilter(options.userFilter)
  return {
    authenticate: (userName, password) => authenticate(options, userName, password),
    find: (userName) => converse(options, async (talk) => (await lookUp(talk, options, userName))?.person ?? null),
    check: (login) => check(options, login),
  }
}

const checkFilter = (filter: string | null): void => {
  try {
    if (filter !== null) ldap.parseFilter(filter)
  } catch (cause) {
    throw new Error(`LDAP_USER_FILTER: ${filter} is no filter (${(cause as Error).message})`, { cause })
  }
}
