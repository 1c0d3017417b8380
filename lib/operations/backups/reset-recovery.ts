import { recoverySettings } from '@/lib/domain/backups/target'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { RestoreFacts } from './restore-facts'

const actTimeoutMs = 60_000

/** Left there, a standby that is made of it later would stop at the target again. */
export const resetRecovery = (): Effect<RestoreFacts, null, null> => ({
  title: 'Reset the recovery settings',
  preview: () => ({
    sentence: 'Take what the recovery needed out of postgresql.auto.conf.',
    commands: recoverySettings.map((name) => `alter system reset ${name}`),
  }),
  check: async ({ instance }, ports, { signal, intended }) => {
    if (intended === null) return { found: 'ready', before: null }
    const { parameters } = await ports.serverSettings.parameters(instance.address, recoverySettings, { timeoutMs: actTimeoutMs, signal })
    return parameters.every(({ altered }) => altered === null) ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async ({ instance }, _before, ports, { signal }) => {
    const edits = recoverySettings.map((name) => ({ name, value: null }))
    await ports.act.serverSettings.alter(instance.address, edits, { timeoutMs: actTimeoutMs, signal })
  },
  timeoutMs: 2 * actTimeoutMs,
  ending: { final: 'The restored server takes writes and needs them no more.', harmless: true },
})
