import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { SettingsSeen } from '@/lib/ports'
import { type Place, probeTimeoutMs } from '../../facts/instance'
import { followOutput } from './server'

type Before = { serverTime: string; values: Record<string, string> }
type Change = { name: string; from: string | null; to: string | null }
type Output = { changed: Change[]; needsRestart: string[] }

const reloadTimeoutMs = 30_000

/** Reloads the configuration and proves it by `pg_conf_load_time()`, compared with the server's own clock at the intent. */
export const reloadPostgres = <F extends Facts>(of: (facts: F) => Place): Effect<F, Before, Output> => ({
  title: 'Reload the configuration',
  preview: (facts) => ({ sentence: `Reload the configuration files of ${of(facts).title}.`, commands: of(facts).commands.reload }),
  check: async (facts, ports, { signal, intended }) => {
    const seen = await ports.postgres.settings(of(facts).address, { timeoutMs: probeTimeoutMs, signal })
    if (intended !== null && seen.confLoadedAt > intended.before.serverTime)
      return { found: 'done', output: outcome(intended.before, seen) }
    return { found: 'ready', before: { serverTime: seen.serverTime, values: seen.values } }
  },
  run: async (facts, _before, ports, context) => {
    const place = of(facts)
    await ports.act.postgres.reload(place.address, { timeoutMs: reloadTimeoutMs, ...followOutput(context, place.commands.reload) })
  },
  timeoutMs: reloadTimeoutMs + 10_000,
  ending: { final: 'The loaded settings stay until the files are changed and reloaded.', harmless: true },
})

const outcome = (before: Before, seen: SettingsSeen): Output => ({
  changed: changes(before.values, seen.values),
  needsRestart: seen.pendingRestart,
})

const changes = (from: Record<string, string>, to: Record<string, string>): Change[] =>
  [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .sort()
    .filter((name) => from[name] !== to[name])
    .map((name) => ({ name, from: from[name] ?? null, to: to[name] ?? null }))
