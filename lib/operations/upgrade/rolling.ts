import { z } from 'zod'
import { upstreamVersion } from '@/lib/domain/packages/apt'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { notNeeded } from '@/lib/kernel/operation/only-when'
import { rolling } from '../rolling'
import type { RollMember } from '../rolling/facts'
import { aloneForUpgrade, canUpgrade, upgradeMinor } from '.'
import { sayPackages } from './install'
import { lookAtPackages, type PackagesSeen, serverOf, upgradable } from './packages'

type Seen = { packages: PackagesSeen; neighbours: string[] }
const seenOf = ({ seen }: RollMember) => seen as Seen

export const rollingMinorUpgrade = rolling({
  name: 'rolling-upgrade',
  title: 'Upgrade the herd to the newest minor version',
  verb: 'Rolling minor upgrade',
  help: [
    'Upgrades the packages of PostgreSQL’s major version on the hosts of a herd one after the other while it goes on taking writes: the standbys’ first, then a switchover, then the former primary’s. Each is the operation Upgrade packages.',
    'The plan shows each package of each host with its version before and after. Hosts whose sources offer nothing newer are left out; run apt-get update on them first.',
    'Packages are not downgraded. Where a standby does not start with the new version, the job needs attention, and nobody else is touched.',
    'It is one job, and it holds the herd for its whole length. A cancel stops it between two members.',
  ],
  input: {
    timeoutSeconds: z
      .int()
      .min(5)
      .max(3600)
      .default(60)
      .meta({ title: 'Shutdown timeout (seconds)', description: 'How long the shutdown of one server may take.' }),
  },
  member: upgradeMinor,
  work: ({ timeoutSeconds }) => ({
    input: { mode: 'fast', timeoutSeconds },
    look: async (ports, place, { signal }): Promise<JsonObject> => {
      const [packages, onServer] = await Promise.all([
        lookAtPackages(ports, place, signal),
        ports.inventory.serverInstances(place.serverId),
      ])
      return { packages, neighbours: onServer.filter((one) => one !== place.title) }
    },
    needless: (member) => {
      const { packages } = seenOf(member)
      return packages.unseen === null && upgradable(packages).length === 0 && packages.keepsBack.length === 0
        ? notNeeded('Its package sources offer nothing newer.')
        : null
    },
    former: (member) =>
      `As the standby that it is by then: download, out of the names that standbys share, stop, install ${sayPackages(upgradable(seenOf(member).packages))}, start, stream, catch up, back into the names. It is not touched while it takes writes.`,
  }),
  now: (member) => {
    const server = serverOf(seenOf(member).packages, member.place.address.major)
    if (server === null) return null
    const [from, to] = [upstreamVersion(server.installed), upstreamVersion(server.candidate ?? server.installed)]
    return from === to ? from : `${from} → ${to}`
  },
  gates: [
    {
      name: 'packages',
      title: 'Newer packages go together',
      look: (member) => {
        const { major, host } = member.place.address
        return canUpgrade({ seen: seenOf(member).packages, major, host: host.hostname })
      },
    },
    {
      name: 'alone',
      title: 'Nothing else of that version is on the hosts',
      look: (member) => aloneForUpgrade({ neighbours: seenOf(member).neighbours, major: member.place.address.major }),
    },
  ],
  firm: (member) => ({ packages: upgradable(seenOf(member).packages) }),
})
