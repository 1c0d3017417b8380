import { type AptPackage, packagePatterns, readCandidates, readInstalled, readSimulation, serverPackage } from '@/lib/domain/packages/apt'
import { isFault } from '@/lib/kernel/ground/errors'
import type { ReadPorts } from '@/lib/ports'
import type { Place } from '../facts/instance'

/** What the packages of an instance's major version are on its host, and what an upgrade would make of them. */
export type PackagesSeen = {
  /** Why they could not be seen; null: they were. */
  unseen: string | null
  packages: AptPackage[]
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

/** `apt-get` of exactly what the plan shows: a newer one that comes meanwhile is for the next plan. */
export const upgradeArgv = (packages: readonly AptPackage[], isSimulated: boolean): string[] => [
  ...(isSimulated ? english : ['sudo', '-n', 'env', 'LC_ALL=C', 'DEBIAN_FRONTEND=noninteractive']),
  'apt-get',
  '-q',
  '-y',
  ...(isSimulated ? ['--simulate'] : ['-o', 'Dpkg::Options::=--force-confold']),
  'install',
  '--only-upgrade',
  ...packages.map(({ name, candidate }) => `${name}=${candidate}`),
]

export const installedNow = async (ports: ReadPorts, { address }: Place, signal: AbortSignal): Promise<Map<string, string>> => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders.
  const format = '${Package} ${Version} ${db:Status-Abbrev}\\n'
  const argv = ['dpkg-query', '-W', '-f', format, ...packagePatterns(address.major ?? '')]
  // 1: one of the patterns has no package.
  return readInstalled((await ports.hosts.read(address.host, argv, { timeoutMs: readTimeoutMs, signal })).stdout)
}

const nothing = { packages: [], removes: [], keepsBack: [] }

export const lookAtPackages = async (ports: ReadPorts, place: Place, signal: AbortSignal): Promise<PackagesSeen> => {
  const { host, profile, major } = place.address
  if (!profile.startsWith('debian') || major === null)
    return {
      ...nothing,
      unseen: `The profile ${profile} of ${host.hostname} says nothing of packages: upgrade them by hand, and use Rolling restart.`,
    }
  const read = async (...argv: string[]) => (await ports.hosts.read(host, argv, { timeoutMs: readTimeoutMs, signal })).stdout
  try {
    const installed = await installedNow(ports, place, signal)
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
    const simulation = wanted.length === 0 ? { removes: [], keepsBack: [] } : readSimulation(await read(...upgradeArgv(wanted, true)))
    return { unseen: null, packages, ...simulation }
  } catch (error) {
    if (signal.aborted || !isFault(error)) throw error
    return { ...nothing, unseen: error.message }
  }
}
