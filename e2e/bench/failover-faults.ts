import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Lab } from '@/lib/playground/lab/lab'
import type { Pair } from './failover-fleet'

export const faultKinds = ['candidate-cut', 'names-refused', 'primary-off'] as const
export type FaultKind = (typeof faultKinds)[number]

export interface Fault {
  pair: Pair
  kind: FaultKind
  /** How its job may end: with nothing done, or holding for a person with the name still to be moved. */
  ends: readonly string[]
}

/** One fault in so many pairs, at least one: the last ones by name, so that they meet it between plan and turn. */
export const faultsFor = (pairs: readonly Pair[], share: number): Fault[] => {
  const count = Math.max(1, Math.ceil(pairs.length * share))
  return pairs.slice(-count).map((pair, index) => {
    const kind = faultKinds[index % faultKinds.length]!
    return { pair, kind, ends: kind === 'names-refused' ? ['attention'] : ['refused'] }
  })
}

const restart = async (lab: Lab, rewrite: (config: string) => string): Promise<void> => {
  const path = lab.layout.at('names', 'primary', 'named.conf')
  if (!existsSync(path)) throw new Error('This lab has no name servers.')
  writeFileSync(path, rewrite(readFileSync(path, 'utf8')))
  await lab.nameServers.stop('primary')
  await lab.nameServers.start('primary')
}

const denial = (key: string, { name }: Pair) => `deny "${key}" name ${name}. ANY; `

/** Names that BIND shows to everybody and lets nobody change: no plan can know. Made before the plan. */
export const refuseNames = async (lab: Lab, faults: readonly Fault[]): Promise<void> => {
  const refused = faults.filter(({ kind }) => kind === 'names-refused')
  if (refused.length === 0) return
  const { key } = lab.names()
  await restart(lab, (config) =>
    refused.reduce((text, { pair }) => {
      const at = text.indexOf('update-policy { ', text.indexOf(`zone "${pair.zone}"`)) + 'update-policy { '.length
      return text.slice(0, at) + denial(key.name, pair) + text.slice(at)
    }, config),
  )
}

export const allowNames = async (lab: Lab, faults: readonly Fault[]): Promise<void> => {
  const { key } = lab.names()
  await restart(lab, (config) => faults.reduce((text, { pair }) => text.replace(denial(key.name, pair), ''), config))
}

/** Hosts that are lost once the run was submitted, before the turn of their pairs. */
export const breakHosts = async (lab: Lab, faults: readonly Fault[]): Promise<void> => {
  for (const { kind, pair } of faults) {
    if (kind === 'candidate-cut') await lab.network.cut(pair.to.host)
    if (kind === 'primary-off') await lab.powerOff(pair.from.host)
  }
}

export const mendHosts = async (lab: Lab, faults: readonly Fault[]): Promise<void> => {
  await lab.network.heal()
  for (const { kind, pair } of faults) if (kind === 'primary-off') await lab.powerOn(pair.from.host)
}
