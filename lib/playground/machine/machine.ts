import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LabError } from './error'
import { installCommand } from './packages.mjs'
import { runCommand } from './processes'
import { commandEnvironment, installedMajors } from './programs.mjs'

/** The shell scripts that run inside the lab. */
export const hostScripts = fileURLToPath(new URL('./host', import.meta.url))

export type Identity = { uid: number; gid: number }
export type Machine = {
  /** A plain user's lab: user namespaces, one user id per host, nobody is root inside. */
  isRootless: boolean
  /** The newest PostgreSQL that Debian's packages installed here. */
  postgresMajor: number
  /** The postgres user as the hosts know it. */
  postgres: Identity
}

function identityOf(user: string): Identity | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined
}

const namespaceHint = [
  'A plain user needs unprivileged user namespaces for the playground. An administrator can allow them:',
  '  Ubuntu:  sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  '  Debian:  sudo sysctl -w kernel.unprivileged_userns_clone=1   (and user.max_user_namespaces above 0)',
  'or run the lab as root.',
].join('\n')

/** Refuses with the exact remedy when this machine cannot hold a lab. Programs are `packages.ts`'s concern. */
export async function inspectMachine(): Promise<Machine> {
  const isRootless = process.getuid?.() !== 0
  const [postgresMajor] = installedMajors()
  const postgres = identityOf('postgres')
  if (!postgresMajor || !postgres)
    throw new LabError('No PostgreSQL of the distribution is installed here.', { hint: 'apt-get install postgresql' })
  const flags = isRootless ? ['--user', '--map-root-user'] : []
  const trial = await runCommand(['unshare', ...flags, '--net', '--mount', '--pid', '--fork', '--kill-child', 'true'], {
    env: commandEnvironment(),
  })
  if (trial.code !== 0)
    throw new LabError(`This machine refuses to make namespaces: ${trial.stderr.trim()}`, {
      hint: isRootless ? namespaceHint : 'In a container, give it the capabilities SYS_ADMIN and NET_ADMIN (docker run --privileged).',
    })
  return { isRootless, postgresMajor, postgres }
}

/** The newest PostgreSQL major of the distribution's packages. Call `ensurePackages` first. */
export function postgresMajor(): number {
  const [newest] = installedMajors()
  if (newest === undefined)
    throw new LabError('No PostgreSQL of the distribution is installed here.', { hint: installCommand(['postgresql']) })
  return newest
}
