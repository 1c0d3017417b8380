import { z } from 'zod'
import { isFault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { notNeeded } from '@/lib/kernel/operation/only-when'
import type { ReadPorts } from '@/lib/ports'
import type { Place } from '../facts/instance'
import { rolling } from '../rolling'
import type { RollMember } from '../rolling/facts'
import { bootOf } from './boot'
import { onlyHere, rebootOwnHost } from './host'

type Seen = {
  /** null: the host does not answer. */
  boot: string | null
  neighbours: string[]
  machine: string | null
}

const seenOf = ({ seen }: RollMember) => seen as Seen

const look = async (ports: ReadPorts, { address, serverId, title }: Place, { signal }: { signal: AbortSignal }): Promise<JsonObject> => {
  const boot = await bootOf(ports, address.host, signal).catch((error: unknown) => {
    if (signal.aborted || !isFault(error)) throw error
    return null
  })
  const [onServer, machine] = await Promise.all([ports.inventory.serverInstances(serverId), ports.inventory.serverMachine(serverId)])
  return { boot, neighbours: onServer.filter((one) => one !== title), machine: machine?.title ?? null }
}

export const rollingReboot = rolling({
  name: 'rolling-reboot',
  title: 'Reboot the hosts of the herd, one by one',
  verb: 'Rolling reboot',
  help: [
    'Reboots the hosts of a herd one after the other while it goes on taking writes: the standbys’ first, each until its standby has caught up, then a switchover, then the former primary’s. For kernel patches.',
    'Each is the operation Reboot host: out of its DNS names, stop, reboot, wait until the host is back with another boot id, stream, catch up, back into the names.',
    'It is one job, and it holds the herd for its whole length. Where a host does not come back the job needs attention and no other host is touched. Resumed once it is back, its standby is started and returns to its names, and the job ends there.',
    'What a new kernel needs must be installed already: nothing is installed or upgraded.',
  ],
  input: {
    timeoutSeconds: z
      .int()
      .min(5)
      .max(3600)
      .default(60)
      .meta({ title: 'Shutdown timeout (seconds)', description: 'How long the shutdown of one server may take.' }),
  },
  member: rebootOwnHost,
  work: ({ timeoutSeconds }) => ({
    input: { mode: 'fast', timeoutSeconds },
    look,
    needless: (now, planned) =>
      now !== planned && seenOf(now).boot !== null && seenOf(now).boot !== seenOf(planned).boot
        ? notNeeded('Its host has rebooted since the plan was made.')
        : null,
    former: ({ place }) =>
      `As the standby that it is by then: out of the names that standbys share, stop PostgreSQL, reboot ${place.address.host.hostname}, stream, catch up, back into the names. It is not touched while it takes writes.`,
  }),
  now: (member) => (seenOf(member).machine === null ? null : `machine ${seenOf(member).machine}`),
  gates: [{ name: 'alone', title: 'Nothing else runs on the hosts', look: (member) => onlyHere(seenOf(member)) }],
})
