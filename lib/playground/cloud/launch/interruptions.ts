import { CloudFault } from '../fault'
import type { CloudState, Machine } from '../state'

/** What AWS gives, unless FIS or a test shortens it. */
export const noticeMsUsual = 120_000

const spotMachine = (state: CloudState, region: string, id: string): Machine => {
  const machine = state.machine(region, id)
  if (machine.market !== 'spot' || machine.state !== 'running')
    throw new CloudFault('UnsupportedOperation', `The instance '${id}' is no running spot machine.`)
  return machine
}

/** AWS wants a spot machine back: it is told at once, and taken when the notice is over. Throws where it is no running spot machine. */
export const interrupt = (state: CloudState, region: string, id: string, noticeMs = noticeMsUsual): void => {
  const machine = spotMachine(state, region, id)
  const now = state.options.now()
  machine.interruption ??= { noticedAtMs: now, atMs: now + noticeMs }
  machine.rebalanceAtMs ??= now
  state.remember(machine)
  // What nobody looks at goes off in time as well.
  setTimeout(() => state.machine(region, id), noticeMs).unref()
}

/** AWS says that the risk of an interruption has risen. Throws where it is no running spot machine. */
export const recommendRebalance = (state: CloudState, region: string, id: string): void => {
  const machine = spotMachine(state, region, id)
  machine.rebalanceAtMs ??= state.options.now()
  state.remember(machine)
}

/** What was said of an interruption holds no longer, and the machine stays. Throws where it is no running spot machine. */
export const withdrawNotice = (state: CloudState, region: string, id: string): void => {
  const machine = spotMachine(state, region, id)
  Object.assign(machine, { interruption: null, rebalanceAtMs: null })
  state.remember(machine)
}
