import { type LoginPerson, personOfLogin, rememberDirectoryPerson, saveRehash } from '@/db/people/people'
import { openSession } from '@/db/people/sessions'
import { inTransaction } from '@/db/pg/client'
import { countAttempt, forgetAttempts } from '@/db/runs/attempts'
import { writeAudit } from '@/db/trail/audit'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Directory } from '@/lib/ports/directory'
import { hashPassword, verifyPassword, wasteGuess } from './password'

export interface LoginTry {
  userName: string
  password: string
  /** Address the request came from. */
  from: string | null
  userAgent: string | null
}

export interface LoginWays {
  directory: Directory | null
  sessionHours: number
}

const userLimit = { free: 5, waitSecondsMax: 300 }
const addressLimit = { free: 30, waitSecondsMax: 900 }

/**
 * Proves a password and opens a session. A local account answers for its own name; any other name is the directory's.
 * Throws `auth.rejected` (never telling whether the name exists), `auth.throttled`, or `auth.directory-down`.
 */
export const logIn = async (tried: LoginTry, ways: LoginWays): Promise<{ sessionId: string; personId: string; userName: string }> => {
  const userName = tried.userName.trim().toLowerCase()
  if (userName === '' || tried.password === '' || userName.length > 200) throw new Fault('auth.rejected')
  const keys = { user: `user:${userName}`, from: `from:${tried.from ?? 'unknown'}` }
  await countAttempt([
    { key: keys.user, ...userLimit },
    { key: keys.from, ...addressLimit },
  ])
  try {
    const { person, groups } = await prove(userName, tried.password, ways.directory)
    const sessionId = await inTransaction(async (tx) => {
      const id = await openSession(tx, {
        personId: person.id,
        groups,
        from: tried.from,
        userAgent: tried.userAgent,
        hours: ways.sessionHours,
      })
      const detail = { session: id, source: person.source, groups }
      await writeAudit(tx, actorOf(person, tried.from), {
        act: 'login',
        resource: 'person',
        objectId: person.id,
        title: person.userName,
        detail,
      })
      return id
    })
    await forgetAttempts(keys.user, keys.from)
    return { sessionId, personId: person.id, userName: person.userName }
  } catch (error) {
    await noteRefusal(userName, tried, error)
    // A directory that is down is nobody's failed guess.
    if (isFault(error, 'auth.directory-down')) await forgetAttempts(keys.user, keys.from)
    throw error
  }
}

const actorOf = (person: LoginPerson, from: string | null): Actor => ({
  kind: 'person',
  personId: person.id,
  name: person.userName,
  grants: [],
  from: from ?? undefined,
})

const prove = async (
  userName: string,
  password: string,
  directory: Directory | null,
): Promise<{ person: LoginPerson; groups: string[] }> => {
  const known = await personOfLogin(userName)
  if (known?.source === 'local') {
    const { ok, needsRehash } = known.passwordHash ? await verifyPassword(password, known.passwordHash) : { ok: false, needsRehash: false }
    if (!ok || known.isDisabled) throw new Fault('auth.rejected')
    if (needsRehash) await saveRehash(known.id, known.passwordHash!, await hashPassword(password))
    return { person: known, groups: [] }
  }
  if (directory === null || known?.isDisabled) {
    await wasteGuess(password)
    throw new Fault('auth.rejected')
  }
  const found = await directory.authenticate(userName, password)
  return { person: await rememberDirectoryPerson(found), groups: found.groups }
}

const noteRefusal = async (userName: string, tried: LoginTry, error: unknown): Promise<void> => {
  const actor: Actor = { kind: 'person', personId: null, name: userName, grants: [], from: tried.from ?? undefined }
  const because = isFault(error) ? error.code : 'internal.bug'
  await inTransaction((tx) => writeAudit(tx, actor, { act: 'login.refused', resource: 'person', title: userName, detail: { because } }))
}
