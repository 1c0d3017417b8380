import { counted } from '@/lib/domain/values/counted'
import type { Affected, Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { isDown, isUp } from '../facts/instance'
import { commitsReturn } from '../rolling/gates'
import type { MachineFacts, OnMachine } from './facts'

export const isIn =
  (...wanted: readonly string[]) =>
  ({ now, unseen }: MachineFacts): Verdict => {
    if (now === null) return refuse(unseen ?? 'EC2 did not say what it is.')
    return wanted.includes(now.state) ? passBecause(`It is ${now.state}.`) : refuse(`The machine is ${now.state}.`)
  }

/** By the last look at all machines, for the button. */
export const offeredIn =
  (...wanted: readonly string[]) =>
  ({ state, kind }: Record<string, unknown>): Verdict => {
    if (kind === 'rds') return refuse('It is a DB instance of RDS.')
    return wanted.includes(String(state)) ? pass : refuse(`The machine is ${state}.`)
  }

export const mayStop = ({ now }: MachineFacts): Verdict =>
  now?.market === 'spot' ? refuse('It is a spot machine: AWS does not let one stop and start again.') : pass

/** Of what stands on it, the database itself is asked. */
export const noPrimary = ({ members }: MachineFacts): Verdict => {
  const leading = members.filter(({ probe }) => probe.role === 'primary' && isUp(probe.state))
  if (leading.length > 0)
    return refuse(
      `${titles(leading)} takes writes. Switch over to another member first; where the herd has none, stop PostgreSQL there first.`,
    )
  const unseen = members.filter(({ probe }) => !isDown(probe.state) && (probe.state !== 'online' || probe.role === 'unknown'))
  return unseen.length === 0
    ? pass
    : refuse(
        `${unseen.map(({ instance, probe }) => `${instance.title} is ${probe.state}${probe.because === null ? '' : `: ${probe.because.replace(/\.$/, '')}`}`).join('; ')}. Whether it takes writes is not known.`,
      )
}

export const anotherStandby = ({ members }: MachineFacts): Verdict => {
  const last = members.filter(
    ({ probe, others }) => probe.role === 'standby' && !others.some(({ role, state }) => role === 'standby' && isUp(state)),
  )
  return last.length === 0
    ? pass
    : warn(`${last.map(({ instance }) => instance.herdName).join(', ')}: meanwhile nothing can take over from the primary.`)
}

/** What commits wait for is not to be away with everybody else who would do. */
export const commitsGoOn = ({ members }: MachineFacts): Verdict => {
  const said = members.flatMap(({ roll, instance }) => {
    const verdict = commitsReturn(
      roll,
      roll.members.filter(({ place }) => place.id === instance.id),
    )
    return verdict.verdict === 'pass' ? [] : [verdict.because]
  })
  return said.length === 0 ? pass : warn(said.join(' '))
}

export const noneFollows = ({ members }: MachineFacts): Verdict => {
  const above = members.filter(({ probe }) => probe.standbys.length > 0)
  return above.length === 0
    ? pass
    : warn(
        above
          .map(
            ({ instance, probe }) => `${counted(probe.standbys.length, 'standby', 'standbys')} of ${instance.title} would receive nothing.`,
          )
          .join(' '),
      )
}

/** A slot keeps all WAL for whoever is away. */
export const slotsGrow = ({ members }: MachineFacts): Verdict => {
  const held = members.flatMap(({ instance, probe }) =>
    probe.role === 'standby' && probe.upstream?.slotName ? [`${probe.upstream.slotName} for ${instance.title}`] : [],
  )
  return held.length === 0
    ? pass
    : warn(`While it is stopped its upstream keeps all WAL: slot ${held.join(', ')}. Drop the slot where it stays away for long.`)
}

export const disksStay = ({ instanceStorageGb, now }: MachineFacts): Verdict =>
  instanceStorageGb === null ? pass : refuse(`${now?.type} has ${instanceStorageGb} GB of its own disks, which are lost when it stops.`)

export const addressStays = ({ now, members }: MachineFacts): Verdict => {
  const host = members[0]?.instance.address.host
  if (now === null || host === undefined || host.address !== now.publicAddress || now.keepsPublicAddress) return pass
  return refuse(
    `The console reaches ${host.hostname} at ${host.address}, a public address that AWS takes back when the machine stops. Register its private address, or give it an Elastic IP.`,
  )
}

export const clientsSaid = ({ members }: MachineFacts): Verdict => {
  const busy = members.filter(({ probe }) => (probe.clients ?? 0) > 0)
  return busy.length === 0
    ? pass
    : warn(busy.map(({ instance, probe }) => `${counted(probe.clients ?? 0, 'client')} of ${instance.title} will be cut.`).join(' '))
}

export const namesLeft = ({ members }: MachineFacts): Verdict => {
  const unseen = members.flatMap(({ leave }) => leave.flatMap((move) => (move.unseen === null ? [] : [`${move.name}: ${move.unseen}`])))
  if (unseen.length > 0) return refuse(`Its DNS names cannot be read: ${unseen.join('; ')}`)
  const alone = members.flatMap((one) => one.alone)
  return alone.length === 0 ? pass : warn(`${alone.join(', ')} would hold nobody without it, and stays as it is.`)
}

/** PostgreSQL comes up with its host: whoever led before may take writes beside the primary that there is now. */
export const noSecondPrimary = ({ members }: MachineFacts): Verdict => {
  const former = members.filter(
    ({ lastRole, replaced, others }) =>
      (lastRole === 'primary' || replaced !== null) && others.some(({ role, state }) => role === 'primary' && isUp(state)),
  )
  if (former.length > 0)
    return refuse(
      `${titles(former)} took writes when it was last seen, and another member does by now: PostgreSQL may start with its host, as a second primary. Start the machine by hand where its network is cut, and use Rejoin.`,
    )
  const open = members.filter(({ lastRole }) => lastRole === 'unknown')
  return open.length === 0 ? pass : unknown(`What ${titles(open)} was is not known: it was never seen.`)
}

const titles = (members: readonly OnMachine[]): string => members.map(({ instance }) => instance.title).join(' and ')

/** `isBack`: it returns by itself. */
export const affectedOn = ({ members, machine }: MachineFacts, isBack: boolean): Affected[] => {
  const clients = members.reduce((sum, { probe }) => sum + (probe.clients ?? 0), 0)
  return [
    ...(clients > 0 ? [{ kind: 'clients' as const, count: clients, sentence: `${counted(clients, 'client')} will be cut.` }] : []),
    ...members
      .filter(({ probe }) => probe.role === 'standby')
      .map(({ instance, others }) => ({
        kind: 'redundancy' as const,
        count: others.filter(({ role }) => role === 'standby').length,
        sentence: `${instance.herdName} is without its standby on ${machine.server?.title ?? machine.title} ${isBack ? 'until that is back' : 'until the machine is started'}.`,
      })),
  ]
}

/** Who would say that it is back. */
export const hasServer = ({ members, machine }: MachineFacts): Verdict =>
  members.length > 0
    ? pass
    : refuse(
        machine.server === null
          ? 'No server is tied to it, so nothing would show that it has come back.'
          : `No instance is registered on ${machine.server.title}, so nothing would show that it has come back.`,
      )
