import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { migrate } from '@/db/migrate'
import { closeDb, getPool } from '@/db/pg/client'
import type { LoginNames } from '@/db/pg/grant-rights'
import { publishSealingKey, secretPurpose } from '@/db/records/sealing-key'
import { closeQueue, migrateQueue } from '@/jobs/requests'
import { makeVault } from '@/lib/adapters/vault'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createEnrolmentKey } from '@/lib/auth/hosts'
import { hashSecret } from '@/lib/auth/secrets'
import { env } from '@/lib/env'
import { systemActor } from '@/lib/kernel/access/access'
import type { Fleet } from '../fleet/fleet'
import type { Lab } from '../lab/lab'
import { consoleAddress } from '../machine/layout'
import { ensurePackages } from '../machine/packages.mjs'
import { projectRoot } from '../setup.mjs'
import type { PlaygroundAccount } from './cloud'
import { letConsoleIn } from './let-in'
import { isDatabase, isSpare, seedAccount, seedBlueprint, seedDatabases, seedFleet, seedNames, seedPatroni } from './seed'

/** Queue, schema with the logins of web and worker, and the first administrator. Run again it changes nothing. */
export const prepareConsole = async (options: { databaseUrl: string; adminUser: string; adminPassword: string }): Promise<LoginNames> => {
  await migrateQueue()
  const logins = await migrate(options.databaseUrl)
  const vault = makeVault(env().VAULT_KEY!)
  await publishSealingKey(vault.publicKey)
  await ensureLocalAdmin(options.adminUser, options.adminPassword)
  return logins
}

/** As OpenSSH prints it. */
const fingerprintOf = (publicKey: string): string =>
  `SHA256:${createHash('sha256')
    .update(Buffer.from(publicKey.split(' ')[1]!, 'base64'))
    .digest('base64')
    .replace(/=+$/, '')}`

/**
 * Registers the fleet with its host keys pinned (this process made the hosts, so it knows their keys), and lets each environment's key into its hosts. Returns what the web process needs to log people in.
 */
export const registerPlayground = async (
  { lab, fleet }: { lab: Lab; fleet: Fleet },
  account: PlaygroundAccount | null = null,
): Promise<Record<string, string>> => {
  await seedFleet(fleet, Object.fromEntries(lab.hostKeys().map((host) => [host.host, fingerprintOf(host.publicKey)])))
  const vault = makeVault(env().VAULT_KEY!)
  await letConsoleIn(lab, vault)
  if (fleet.hasNames) {
    const names = lab.names()
    await seedNames(fleet, names, vault.seal(names.key.secret, secretPurpose('dns-zone', 'sealedKeySecret')))
  }
  if (account) await seedAccount(account, vault.seal(account.keys.secretAccessKey, secretPurpose('cloud-account', 'sealedAccessSecret')))
  if (account && fleet.cloud?.spares?.length)
    await seedBlueprint(account, fleet.postgresMajor, vault.seal('playground', secretPurpose('blueprint', 'sealedAdminPassword')))
  if (account?.rds) await seedDatabases(account.rds, vault.seal(account.rds.password, secretPurpose('server', 'sealedEndpointPassword')))
  const directory = lab.directory()
  const roleOf = new Map(fleet.groups.map((group) => [group.name, group]))
  const note = (groups: string[]) =>
    groups
      .map((name) => roleOf.get(name))
      .filter((group) => group !== undefined)
      .map((group) => `${group.role} in ${group.environments === 'all' ? 'every environment' : group.environments.join(', ')}`)
      .join(', ') || 'may not enter'
  return {
    LDAP_URL: directory.url,
    LDAP_CA_FILE: directory.caFile,
    LDAP_BIND_DN: directory.bindDn,
    LDAP_BIND_PASSWORD: directory.bindPassword,
    LDAP_BASE_DN: directory.peopleBase,
    LDAP_USER_ATTRIBUTE: directory.userAttribute,
    LDAP_GROUP_BASE_DN: directory.groupBase,
    PLAYGROUND_PEOPLE: JSON.stringify(directory.people.map((person) => ({ ...person, note: note(person.groups) }))),
  }
}

/** Makes the fleet's clusters of Patroni and registers them, while the console runs already. Their packages are installed first where they are missing. */
export const bringPatroni = async ({ lab, fleet }: { lab: Lab; fleet: Fleet }): Promise<void> => {
  await ensurePackages('patroni')
  await lab.patroniUp()
  for (const cluster of fleet.patroni ?? []) await seedPatroni(cluster, fleet.postgresMajor, lab.names())
}

const agentEverySeconds = 20
const enrolmentHours = 24

/**
 * Puts the host agent on every host. One that cannot report (it never enrolled, lost its token, or has one that this console does not know) gets a key of
 * its environment and enrols by itself; one whose token a person revoked stays out.
 */
export const equipAgents = async ({ lab, fleet, port }: { lab: Lab; fleet: Fleet; port: number }): Promise<void> => {
  const script = readFileSync(join(projectRoot, 'public/agent/matriarch-report'), 'utf8')
  const { rows } = await getPool().query<{ id: string; name: string }>('select id, name from environments')
  const mayReport = await reporters(lab)
  for (const environment of rows) {
    const hosts = fleet.hosts.filter(
      (host) => host.environment === environment.name && !isDatabase(fleet, host.name) && !isSpare(fleet, host.name),
    )
    const key = hosts.every(({ name }) => mayReport(name))
      ? null
      : await createEnrolmentKey(systemActor, {
          name: `playground ${environment.name}`,
          environmentId: environment.id,
          expiresAt: new Date(Date.now() + enrolmentHours * 3_600_000),
          usesLeft: null,
        })
    for (const { name } of hosts) {
      const needsKey = key !== null && !mayReport(name)
      if (needsKey) {
        lab.dropAgentToken(name)
        // A host that is known waits for a person, and this process made the host: it is forgotten, and is new.
        await getPool().query('delete from discovered_hosts where lower(hostname) = lower($1) and token_revoked_at is null', [name])
      }
      lab.installAgent(name, {
        script,
        everySeconds: agentEverySeconds,
        env: { MATRIARCH_URL: `http://${consoleAddress}:${port}`, ...(needsKey ? { MATRIARCH_ENROL_KEY: key.key } : {}) },
      })
    }
  }
}

const reporters = async (lab: Lab): Promise<(host: string) => boolean> => {
  const { rows } = await getPool().query<{ hostname: string; hash: string | null; isRevoked: boolean }>(
    'select lower(hostname) as hostname, token_hash as hash, token_revoked_at is not null as "isRevoked" from discovered_hosts',
  )
  const known = new Map(rows.map((row) => [row.hostname, row]))
  return (host) => {
    const [record, token] = [known.get(host), lab.agentToken(host)]
    return record !== undefined && (record.isRevoked || (token !== null && hashSecret(token) === record.hash))
  }
}

/** The starter's own connections, once everything is registered. */
export const closeStarter = async (): Promise<void> => {
  await closeQueue()
  await closeDb()
}
