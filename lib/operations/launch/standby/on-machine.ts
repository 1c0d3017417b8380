import type { Json } from '@/lib/kernel/ground/json'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { LaunchedMachine } from '@/lib/ports'
import { hostOf, machineNow } from '../facts'
import { withMachine } from '../server'
import { mustRun } from '../trust'
import type { StandbyFacts } from './facts'

/** As steps of a copy need it. */
export type PlacedFacts = Omit<StandbyFacts, 'input'> & { input: { throttleMbit: number; keepOld: false }; server: { title: string } }

/** With the address at which the machine is reached now. */
const placedOn = (facts: StandbyFacts, machine: LaunchedMachine | null): PlacedFacts => {
  const { instance } = facts
  const host = machine === null ? instance.address.host : hostOf(facts, machine)
  return {
    ...facts,
    instance: { ...instance, address: { ...instance.address, host } },
    server: { title: host.hostname },
    input: { throttleMbit: 0, keepOld: false },
  }
}

/** A step of another operation on a member, taken on the machine of the one that is launched. Whatever it leaves there goes with the machine. */
export const onMachine = <Before extends Json, Output extends Json>(
  effect: Effect<PlacedFacts, Before, Output>,
  words: Partial<Pick<Effect<PlacedFacts, Before, Output>, 'title' | 'preview'>> = {},
): Effect<StandbyFacts, Before, Output> => {
  const { preview, check, run, timeoutMs, isRedone: _isRedone, ending, ...rest } = { ...effect, ...words }
  return {
    ...rest,
    preview: (facts) => preview(placedOn(facts, null)),
    check: async (facts, ports, context) => {
      const machine = await machineNow(facts, ports, context.signal)
      return machine === null || hostOf(facts, machine).hostKey === null
        ? { found: 'blocked', because: 'its machine is not there' }
        : check(placedOn(facts, machine), ports, context)
    },
    run: async (facts, before, ports, context) =>
      run(placedOn(facts, await mustRun(facts, ports, context.signal)), before, ports, context) as Promise<Output>,
    timeoutMs: (facts) => (typeof timeoutMs === 'number' ? timeoutMs : timeoutMs(placedOn(facts, null))),
    ending: 'final' in ending ? { final: 'It goes with the machine.', harmless: true } : withMachine,
  }
}
