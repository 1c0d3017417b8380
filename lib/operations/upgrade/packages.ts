import {
  type AptPackage,
  type DpkgState,
  installedOf,
  packagePatterns,
  readCandidates,
  readComplaint,
  readSimulation,
  readStates,
  serverPackage,
} from '@/lib/domain/packages/apt'
import { isFault } from '@/lib/kernel/ground/errors'
import type { ReadPorts } from '@/lib/ports'
import type { Place } from '../facts/instance'

/** What the packages of an instance's major version are on its host, and what an upgrade would make of them. */
export type PackagesSeen = {
  /** Why they could not be seen; null: they were. */
  unseen: string | null
  packages: AptPackage[]
  /** Why apt-get would not install them, in its words; null: it would. */
  conflict: string | null
  removes: string[]
  keepsBack: string[]
}

const readTimeoutMs = 30_000
const english = ['env', 'LC_ALL=C']

/** Those that would get another version. */
export const upgradable = ({ packages }: PackagesSeen): AptPackage[] =>
  packages.filter(({ installed, candidate, isHeld }) => candidate !== null && candidate !== installed && !isHeld)

export const serverOf = ({ packages }: PackagesSeen, major: string | null): AptPackage | null =>
  packages.find(({ name }) => name === serverPackage(major ?? '')) ?? null

const asRoot = ['sudo', '-n', 'env', 'LC_ALL=C', 'DEBIAN_FRONTEND=noninteractive']

/** How apt-get is to take it. While PostgreSQL is stopped a lock of somebody else is waited for a while; before that it is a reason not to begin. */
const ways = {
  simulate: { before: english, options: ['--simulate'] },
  download: { before: asRoot, options: ['--download-only'] },
  install: { before: asRoot, options: ['-o', 'DPkg::Lock::Timeout=60', '-o', 'Dpkg::Options::=--force-confold'] },
}

/** `apt-get` of exactly what the plan shows: a newer one that comes meanwhile is for the next plan. */
export const upgradeArgv = (packages: readonly AptPackage[], way: keyof typeof ways): string[] => [
  ...ways[way].before,
  'apt-get',
  '-q',
  '-y',
  ...ways[way].options,
  'install',
  '--only-upgrade',
  ...packages.map(({ name, candidate }) => `${name}=${candidate}`),
]

export const packagesNow = async (ports: ReadPorts, { address }: Place, signal: AbortSignal): Promise<Map<string, DpkgState>> => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders.
  const format = '${Package} ${Version} ${db:Status-Abbrev}\\n'
  const argv = ['dpkg-query', '-W', '-f', format, ...packagePatterns(address.major ?? '')]
  // 1: one of the patterns has no package.
  return readStates((await ports.hosts.read(address.host, argv, { timeoutMs: readTimeoutMs, signal })).stdout)
}

const nothing = { packages: [], conflict: null, removes: [], keepsBack: [] }

export const lookAtPackages = async (ports: ReadPorts, place: Place, signal: AbortSignal): Promise<PackagesSeen> => {
  const { host, profile, major } = place.address
  if (!profile.startsWith('debian') || major === null)
    return {
      ...nothing,
      unseen: `The profile ${profile} of ${host.hostname} says nothing of packages: upgrade them by hand, and use Rolling restart.`,
    }
  const ask = (...argv: string[]) => ports.hosts.read(host, argv, { timeoutMs: readTimeoutMs, signal })
  const read = async (...argv: string[]) => (await ask(...argv)).stdout
  try {
    const states = await packagesNow(ports, place, signal)
    const half = [...states]
      .filter(([, { state }]) => state !== 'installed')
      .map(([name, { version, state }]) => `${name} ${version} is ${state}`)
    if (half.length > 0)
      return { ...nothing, unseen: `${half.join(', ')} on ${host.hostname}: complete it there with dpkg --configure -a.` }
    const installed = installedOf(states)
    if (!installed.has(serverPackage(major)))
      return { ...nothing, unseen: `${serverPackage(major)} is not installed on ${host.hostname} as a package of Debian.` }
    const [policy, holds] = await Promise.all([read(...english, 'apt-cache', 'policy', ...installed.keys()), read('apt-mark', 'showhold')])
    const [candidates, held] = [readCandidates(policy), new Set(holds.split('\n').map((line) => line.trim()))]
    const packages = [...installed].map(([name, version]) => ({
      name,
      installed: version,
      candidate: candidates.get(name) ?? null,
      isHeld: held.has(name),
    }))
    const wanted = upgradable({ ...nothing, unseen: null, packages })
    if (wanted.length === 0) return { ...nothing, unseen: null, packages }
    const { exitCode, stdout, stderr } = await ask(...upgradeArgv(wanted, 'simulate'))
    const conflict = exitCode === 0 ? null : (readComplaint(`${stdout}\n${stderr}`) ?? `apt-get ended with ${exitCode}`)
    return { unseen: null, packages, conflict, ...readSimulation(stdout) }
  } catch (error) {
    if (signal.aborted || !isFault(error)) throw error
    return { ...nothing, unseen: error.message }
  }
}
