import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fleet } from '../fleet/fleet'
import type { Lab } from '../lab/lab'
import { newPassword } from '../machine/secrets'

/** Its address is half of who somebody is, so it stays with the state folder, as the passwords do. `port` 0: none yet. */
interface Kept {
  port: number
  passwords: Record<string, string>
}

const fileOf = (stateDirectory: string): string => join(stateDirectory, 'sign-in.json')
const keptIn = (stateDirectory: string): Kept =>
  existsSync(fileOf(stateDirectory)) ? (JSON.parse(readFileSync(fileOf(stateDirectory), 'utf8')) as Kept) : { port: 0, passwords: {} }

/** Members of the fleet's groups, with names that nobody in its directory has. */
const peopleOf = ({ groups }: Fleet, passwords: Record<string, string>) => {
  const holding = (role: string) => groups.filter((group) => group.role === role && group.environments === 'all').map(({ name }) => name)
  return [
    { user: 'sara', fullName: 'Sara Signs-On', groups: holding('dba') },
    { user: 'sven', fullName: 'Sven Signs-On', groups: holding('viewer') },
  ].map((person) => ({ ...person, password: passwords[person.user] ?? newPassword() }))
}

/** Starts a provider for the console at `url`, reachable at the same address inside the playground, and says what the web process needs to know of it. */
export const openIdentityProvider = async (
  { lab, fleet }: { lab: Lab; fleet: Fleet },
  url: string,
  stateDirectory: string,
): Promise<{ environment: Record<string, string>; stop: () => Promise<void> }> => {
  // Imported only here: without a playground nobody needs them.
  const [{ startIdentityProvider }, { openDoorInto }] = await Promise.all([import('../services/identity-provider'), import('./door')])
  const kept = keptIn(stateDirectory)
  const people = peopleOf(fleet, kept.passwords)
  const running = await startIdentityProvider({
    port: kept.port,
    redirectUri: `${url}/api/auth/oidc/callback`,
    backchannelUri: `${url}/api/auth/oidc/backchannel`,
    people,
  })
  const port = Number(new URL(running.issuer).port)
  const passwords = Object.fromEntries(people.map(({ user, password }) => [user, password]))
  writeFileSync(fileOf(stateDirectory), JSON.stringify({ port, passwords } satisfies Kept), { mode: 0o600 })
  const closeDoor = await openDoorInto(lab, port, join(stateDirectory, 'door-sign-in')).catch(async (cause) => {
    await running.stop()
    throw cause
  })
  return {
    environment: {
      OIDC_ISSUER: running.issuer,
      OIDC_CLIENT_ID: running.clientId,
      OIDC_CLIENT_SECRET: running.clientSecret,
      OIDC_NAME: 'Playground SSO',
      OIDC_SCOPES: 'openid profile email groups offline_access',
    },
    stop: async () => {
      await closeDoor()
      await running.stop()
    },
  }
}
