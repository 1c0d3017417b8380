import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import { isDown, type Place } from '../../facts/instance'
import { followOutput, lookAt, mayBeKeptDown, settle, takeDown } from './server'

type Output = { controlState: string | null }

/** As long as the WAL since its last checkpoint takes to be replayed. */
const recoverTimeoutMs = 3_600_000
const startTimeoutMs = 600_000

/**
 * Lets a fenced server that crashed replay its own WAL and stops it cleanly: pg_rewind needs that, and can do it by itself only in some versions and only
 * without standby.signal. It is never started without that signal, so nobody can write meanwhile.
 */
export const recoverPostgres = <F extends Facts>(of: (facts: F) => Place): Effect<F, null, Output> => ({
  title: 'Run crash recovery, read-only',
  preview: (facts) => ({
    sentence: `Start ${of(facts).title} with standby.signal, so that it replays its WAL read-only, and stop it cleanly: pg_rewind needs a clean shutdown.`,
    commands: [...of(facts).commands.start, ...of(facts).commands.stop],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const probe = await lookAt(ports, of(facts), signal)
    if (probe.state === 'stopped') return { found: 'done', output: { controlState: probe.controlState } }
    if (mayBeKeptDown(probe) || intended !== null) return { found: 'ready', before: null }
    return { found: 'blocked', because: `${of(facts).title} is ${probe.state}` }
  },
  run: async (facts, _before, ports, context) => {
    const place = of(facts)
    const found = await settle(place, ports.read, context)
    if (isDown(found.state)) {
      if (found.hasStandbySignal !== true)
        throw new Fault('step.blocked', { because: `${place.title} has no standby.signal, so it is not started`, isOver: true })
      await ports.act.postgres.start(place.address, { timeoutMs: startTimeoutMs, ...followOutput(context, place.commands.start) })
    }
    const recovered = await settle(place, ports.read, context)
    if (recovered.role === 'primary') throw new Fault('step.blocked', { because: `${place.title} takes writes`, isOver: true })
    await takeDown(place, ports, context)
  },
  timeoutMs: recoverTimeoutMs,
  ending: { final: 'Crash recovery only replays its own WAL; that is not undone.', harmless: true },
})
