import { z } from 'zod'
import { serverPackage, upstreamVersion } from '@/lib/domain/packages/apt'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import { aboutInstance, herdNow, interruptsIt, lockHerd } from '../facts/instance-head'
import { lossOf } from '../gates/impact'
import { seenRow } from '../gates/seen'
import * as away from '../machines/away'
import { isStandby } from '../resize/gates'
import { stopInput } from '../steps/stop-input'
import { completePackages, downloadPackages, installPackages, sayPackages, type UpgradeFacts } from './install'
import { lookAtPackages, type PackagesSeen, serverOf, upgradable } from './packages'

/** Another upgrade beside the server's own is no harm: what stands in the way is. */
export const canUpgrade = ({ seen, major, host }: { seen: PackagesSeen; major: string | null; host: string }): Verdict => {
  if (seen.unseen !== null) return refuse(seen.unseen)
  const server = serverOf(seen, major)
  if (server?.isHeld) return refuse(`${server.name} is held on ${host}. Where that is over: apt-mark unhold ${server.name}`)
  if (seen.removes.length > 0)
    return refuse(`apt would remove ${seen.removes.join(', ')} from ${host} for it: an extension there does not go with the new version.`)
  if (seen.conflict !== null) return refuse(`apt cannot install ${sayPackages(upgradable(seen))} on ${host}: ${seen.conflict}.`)
  const kept = seen.keepsBack.filter((name) => seen.packages.some((one) => one.name === name))
  if (kept.length > 0)
    return refuse(`apt keeps ${kept.join(', ')} back on ${host}: what they depend on does not go together with the new version.`)
  if (upgradable(seen).length === 0)
    return refuse(`${host} has the newest versions that its package sources offer. What they offer is as old as its last apt-get update.`)
  const held = seen.packages.filter(({ isHeld }) => isHeld).map(({ name }) => name)
  const said = sayPackages(upgradable(seen))
  return held.length === 0 ? passBecause(said) : warn(`${said}. Held, and left as they are: ${held.join(', ')}.`)
}

export const aloneForUpgrade = ({ neighbours, major }: { neighbours: readonly string[]; major: string | null }): Verdict =>
  neighbours.length === 0
    ? pass
    : refuse(
        `Debian’s packages restart every cluster of ${major ?? 'the'} major version on the host, and ${neighbours.join(', ')} would restart too.`,
      )

export const upgradeMinor = defineOperation({
  name: 'upgrade-minor',
  on: 'instance',
  role: 'dba',
  title: 'Upgrade to the newest minor version',
  verb: 'Upgrade packages',
  danger: 'disruptive',
  input: z.strictObject(stopInput),
  help: [
    'Upgrades the packages of PostgreSQL’s major version on the host of a standby: server, client and extensions, to the versions that the plan shows. They are downloaded while PostgreSQL runs; then the standby leaves the DNS names that it shares, PostgreSQL stops, apt-get installs, and once it streams and has caught up it returns to its names.',
    'Of Debian’s packages only. `apt-get update` is not run: the plan shows what the host’s own sources offered when it last was. The SSH user must be let do `sudo -n env … apt-get`.',
    'Where apt-get fails before it has changed anything, PostgreSQL is started again as it was. Where it fails half-way, PostgreSQL is started with what is there, and the job needs attention and names the packages that are incomplete.',
    'Packages on hold stay as they are. Where apt would remove a package or keep one back, since an extension does not go with the new version, it is refused.',
    'A primary is refused: use Rolling minor upgrade on its herd. So is a host with other instances on it.',
  ],
  gather: async (ports, input, context): Promise<UpgradeFacts> => {
    const facts = await away.gatherAway(ports, input, context)
    return { ...facts, seen: await lookAtPackages(ports, facts.instance, context.signal) }
  },
  about: aboutInstance,
  firm: (facts) => ({ ...away.firmAway(facts), packages: upgradable(facts.seen) }),
  managed: { deed: 'restart', servers: 'instance' },
  locks: lockHerd,
  interrupts: interruptsIt,
  now: (facts) => {
    const major = facts.instance.address.major ?? ''
    const server = facts.seen.packages.find(({ name }) => name === serverPackage(major))
    const row = server && {
      label: 'Package',
      value: `${upstreamVersion(server.installed)} → ${upstreamVersion(server.candidate ?? server.installed)}`,
    }
    return [...herdNow(facts), ...(row ? [row] : [])]
  },
  affected: (facts) => lossOf(facts, { mode: facts.input.mode, moment: 'while its packages are upgraded', isBack: true }),
  offered: (row) => isStandby(seenRow(row)),
})
  .gate('standby', 'Answers as a standby', away.standbyGate)
  .gate('packages', 'Newer packages go together', ({ seen, instance: { address } }) =>
    canUpgrade({ seen, major: address.major, host: address.host.hostname }),
  )
  .gate('alone', 'Nothing else of that version is on the host', ({ neighbours, instance }) =>
    aloneForUpgrade({ neighbours, major: instance.address.major }),
  )
  .gates(away.awayGates('while its packages are upgraded'))
  .effect('download', downloadPackages())
  .effect('leave-names', away.leaveNames<UpgradeFacts>())
  .effect('watch-left', away.watchLeft<UpgradeFacts>())
  .effect('stop', away.stopAway<UpgradeFacts>())
  .effect('upgrade', installPackages())
  .effect('start', away.startAway<UpgradeFacts>())
  .effect('catch-up', away.catchUpAway<UpgradeFacts>())
  .effect('return-names', away.returnNames<UpgradeFacts>())
  .effect('complete', completePackages())
  .build()
