import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import type { Place } from '../facts/instance'
import { lookAt } from '../steps/postgres/server'
import type { RebuildFacts } from './facts'

const slotTimeoutMs = 15_000
const leaveTimeoutMs = 60_000
const lookEveryMs = 500

/**
 * A slot for the copy alone. The standby's own may be in use by the server that still runs, which moves it on past where the copy ends; this one holds the
 * WAL until the new server streams. It is dropped however the job ends.
 */
export const makeCopySlot: Effect<Pick<RebuildFacts, 'upstream' | 'copySlot'>, null, null> = {
  title: 'Reserve WAL for the copy',
  preview: ({ upstream, copySlot }) => ({
    sentence: `Create the slot ${copySlot} on ${upstream!.title} until the copy is complete.`,
    commands: [`select pg_create_physical_replication_slot('${copySlot}', true)`],
  }),
  check: async ({ upstream, copySlot }, ports, { signal, intended }) => {
    const probe = await lookAt(ports, upstream!, signal)
    if (probe.state !== 'online') return { found: 'blocked', because: `${upstream!.title} is ${probe.state}` }
    const isThere = probe.slots.some(({ name }) => name === copySlot)
    return isThere && intended !== null ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async ({ upstream, copySlot }, _before, ports, { signal }) => {
    const options = { timeoutMs: slotTimeoutMs, signal }
    const probe = await lookAt(ports.read, upstream!, signal)
    const left = probe.slots.find(({ name }) => name === copySlot)
    // One left behind by an abandoned job retains WAL from long ago.
    if (left?.isActive === false) await ports.act.replication.dropSlot(upstream!.address, copySlot!, options)
    await ports.act.replication.createSlot(upstream!.address, copySlot!, options)
  },
  timeoutMs: 60_000,
  ending: {
    release: ({ upstream, copySlot }, _before, _output, ports, context) => dropOnceLeft(upstream!, copySlot!, ports, context),
    sentence: 'The slot is dropped however the job ends.',
    timeoutMs: leaveTimeoutMs,
  },
}

/** Drops a slot as soon as it is inactive. Throws `step.unknown` at the deadline. */
export const dropOnceLeft = async (of: Place, name: string, ports: ActPorts, { signal, pause, note }: StepContext): Promise<void> => {
  for (;;) {
    try {
      const probe = await lookAt(ports.read, of, signal)
      const slot = probe.slots.find((one) => one.name === name)
      if (probe.state === 'online' && slot === undefined) return
      // The sender of a copy that was ended notices a moment later.
      if (slot?.isActive === false) return await ports.act.replication.dropSlot(of.address, name, { timeoutMs: slotTimeoutMs, signal })
    } catch (error) {
      if (!isFault(error) || error.code === 'lease.lost') throw error
      note('warning', error.message)
    }
    await pause(lookEveryMs)
    if (signal.aborted) throw new Fault('step.unknown', { because: `the slot ${name} on ${of.title} could not be dropped, and keeps WAL` })
  }
}
