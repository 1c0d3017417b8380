import ldap from 'ldapjs'
import { Fault } from '@/lib/kernel/ground/errors'
import { foldUserName } from '@/lib/kernel/ground/user-name'
import type { DirectoryPerson } from '@/lib/ports/directory'
import { accountAttributes, isInUse } from './account'
import type { Conversation, Entry, LdapOptions } from './conversation'
import { namesOfGroup } from './names'

export const down = (because: string, cause?: unknown) => new Fault('auth.directory-down', { because }, { cause })

/**
 * The entry of an account in use; null: nobody. A directory may fold a name further than we do (accents, blanks): then this spelling is nobody's, so that
 * no second spelling has guesses of its own.
 */
export const findPerson = async (talk: Conversation, options: LdapOptions, userName: string): Promise<Entry | null> => {
  const named = new ldap.EqualityFilter({ attribute: options.userAttribute, value: userName })
  const filter = options.userFilter === null ? named : new ldap.AndFilter({ filters: [ldap.parseFilter(options.userFilter), named] })
  const attributes = [options.userAttribute, 'cn', 'displayName', 'mail', ...accountAttributes]
  const found = await talk.search(options.peopleBaseDn, filter, attributes, 2)
  if (found.length > 1) throw down(`${found.length} entries have ${options.userAttribute}=${userName}; no person of that name can sign in`)
  const [entry] = found
  const isSpelt = entry?.values(options.userAttribute).some((value) => foldUserName(value) === foldUserName(userName))
  return entry && isSpelt && isInUse(entry.values, Date.now()) ? entry : null
}

/** What counts as a group; something else with members and a telling name does not. */
const groupClasses = ['groupOfNames', 'groupOfUniqueNames', 'groupOfMembers', 'posixGroup', 'group']

export const isGroup = (): ldap.Filter =>
  new ldap.OrFilter({ filters: groupClasses.map((value) => new ldap.EqualityFilter({ attribute: 'objectClass', value })) })

/** A group whose name cannot be read grants nothing, and keeps none of its members out. */
export const namesOrNone = (dn: string, groupsBaseDn: string): string[] => {
  try {
    return namesOfGroup(dn, groupsBaseDn)
  } catch {
    return []
  }
}

export const findGroups = async (talk: Conversation, options: LdapOptions, person: Entry, userName: string): Promise<string[]> => {
  const member = new ldap.OrFilter({
    filters: [
      new ldap.EqualityFilter({ attribute: 'member', value: person.dn }),
      new ldap.EqualityFilter({ attribute: 'uniqueMember', value: person.dn }),
      new ldap.EqualityFilter({ attribute: 'memberUid', value: userName }),
    ],
  })
  const found = await talk.search(options.groupsBaseDn, new ldap.AndFilter({ filters: [isGroup(), member] }), ['cn'], 1000)
  return [...new Set(found.flatMap(({ dn }) => namesOrNone(dn, options.groupsBaseDn)))].sort()
}

export const asPerson = (entry: Entry, options: LdapOptions, groups: string[]): DirectoryPerson => ({
  userName: (entry.values(options.userAttribute)[0] ?? '').toLowerCase(),
  fullName: entry.values('displayName')[0] ?? entry.values('cn')[0] ?? '',
  email: entry.values('mail')[0] ?? '',
  groups,
})
