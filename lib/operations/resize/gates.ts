import { losses, sayType, whyNotFit } from '@/lib/domain/machines/fit'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import { isUp, type Place } from '../facts/instance'
import { acceptsConnections } from '../gates/seen'
import { dbFits, dbIsReady } from './db'
import { type MachineFacts, type ResizeFacts, wantedTypes } from './facts'
import type { ResizeInput } from './input'

const isPrimary =
  'It is the primary of its herd. Switch over to another member first, or take the whole herd, which switches over in between.'

export const isStandby = (seen: Pick<ResizeFacts['probe'], 'state' | 'role' | 'because'>): Verdict =>
  seen.role === 'primary' ? refuse(isPrimary) : acceptsConnections(seen)

/** Of one machine, whatever else is known of the herd. */
type OfMachine = MachineFacts & { instance: Pick<Place, 'address'>; input: Pick<ResizeInput, 'type' | 'fallbacks'> }

export const hasMachine = ({ machine, unseen, now, db, instance }: OfMachine): Verdict => {
  if (machine === null)
    return refuse(
      `No machine of a cloud account is tied to ${instance.address.host.hostname}. Register its account, or see under Machines why it is not tied.`,
    )
  if (db !== null) return dbIsReady(db, machine)
  if (now === null) return refuse(unseen ?? 'EC2 did not say what it is.')
  return now.state === 'running' ? passBecause(`${machine.title} (${machine.instanceId}).`) : refuse(`The machine is ${now.state}.`)
}

/** The wanted type has to fit; a fallback that does not is said. */
export const fits = ({ now, types, input, db }: OfMachine): Verdict => {
  if (db !== null) return dbFits(db, wantedTypes({ input }))
  if (now === null) return pass
  const known = (name: string) => types.find(({ type }) => type === name) ?? null
  const from = known(now.type)
  const why = whyNotFit(now, from, input.type, known(input.type))
  if (why !== null) return refuse(why)
  const unfit = wantedTypes({ input })
    .slice(1)
    .flatMap((name) => whyNotFit(now, from, name, known(name)) ?? [])
  const lost = losses(from, known(input.type)!)
  const said = [...(lost.length === 0 ? [] : [`It will have ${lost.join(', ')}.`]), ...unfit]
  return said.length === 0 ? passBecause(`${input.type}: ${sayType(known(input.type)!)}.`) : warn(said.join(' '))
}

export const isAlone = ({ neighbours }: OfMachine): Verdict =>
  neighbours.length === 0 ? pass : refuse(`The machine stops with all on it, and ${neighbours.join(', ')} would stop too.`)

/** A pooler that is stopped with the machine cuts its clients, whoever they are sent to. */
export const noPoolers = ({ poolers }: Pick<OfMachine, 'poolers'>): Verdict =>
  poolers.length === 0
    ? pass
    : warn(
        `${poolers.join(', ')} ${poolers.length === 1 ? 'stops' : 'stop'} with the machine, and the clients are cut. Use Drain on ${poolers.length === 1 ? 'it' : 'them'} first.`,
      )

export const keepsAddress = ({ now, instance }: OfMachine): Verdict => {
  const { address, hostname } = instance.address.host
  if (now === null || address !== now.publicAddress || now.keepsPublicAddress) return pass
  return refuse(
    `The console reaches ${hostname} at ${address}, a public address that AWS takes back when the machine stops. Register its private address, or give it an Elastic IP.`,
  )
}

/** RDS resizes a primary where it is; one on a host leaves that to a standby. */
export const isResizable = ({ db, probe }: ResizeFacts): Verdict => {
  if (db === null || probe.role !== 'primary') return isStandby(probe)
  return warn('It is the primary: its herd takes no writes while RDS restarts it.')
}

type Streaming = Pick<ResizeFacts, 'upstream' | 'probe' | 'instance'> & Partial<Pick<ResizeFacts, 'db'>>

export const hasUpstream = ({ upstream, probe, db = null, instance }: Streaming): Verdict => {
  // What a read replica follows is RDS's own affair.
  if (probe.role !== 'standby' || (db !== null && upstream === null)) return pass
  if (upstream === null || probe.upstream?.status !== 'streaming')
    return refuse(`It does not stream from a member of ${instance.herdName}, so nothing would show that it has come back.`)
  return passBecause(`It streams from ${upstream.title}.`)
}

export const othersLeft = ({ others, instance }: Pick<ResizeFacts, 'others' | 'instance'>): Verdict => {
  const left = others.filter(({ role, state }) => role === 'standby' && isUp(state))
  return left.length > 0 ? pass : warn(`${instance.herdName} has no other standby: meanwhile nothing can take over from its primary.`)
}

export const namesLeft = ({ alone, leave }: Pick<ResizeFacts, 'alone' | 'leave'>): Verdict => {
  const unseen = leave.flatMap((move) => (move.unseen === null ? [] : [`${move.name}: ${move.unseen}`]))
  if (unseen.length > 0) return refuse(`It cannot be taken out of its names: ${unseen.join('; ')}`)
  return alone.length === 0 ? pass : warn(`${alone.join(', ')} would hold nobody without it, and stays as it is.`)
}
