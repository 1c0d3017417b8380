import { z } from 'zod'
import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause } from '@/lib/kernel/operation/verdict'
import type { FileSettingProblem } from '@/lib/ports'
import { gatherInstance, type InstanceFacts, type Plain, probeTimeoutMs } from './facts/instance'
import { aboutInstance, firmInstance, instanceNow } from './facts/instance-head'
import { filesParse } from './gates/config-files'
import { acceptsConnections, seenRow } from './gates/seen'
import { reloadPostgres } from './steps/postgres/reload'

type ReloadFacts = InstanceFacts & { problems: Plain<FileSettingProblem[]> }

export const reload = defineOperation({
  name: 'reload',
  on: 'instance',
  role: 'operator',
  title: 'Reload the configuration',
  verb: 'Reload',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Tells the server to read its configuration files again, and proves it by pg_conf_load_time(). No client notices.',
    'Refused while the files have errors. The result names every setting that changed and every one that is still pending a restart.',
  ],
  gather: async (ports, _input, context): Promise<ReloadFacts> => {
    const facts = await gatherInstance(ports, context)
    const options = { timeoutMs: probeTimeoutMs, signal: context.signal }
    const problems = facts.probe.state === 'online' ? await ports.postgres.fileSettings(facts.instance.address, options) : []
    return { ...facts, problems }
  },
  about: aboutInstance,
  firm: (facts) => ({ ...firmInstance(facts), problems: facts.problems }),
  managed: { deed: 'reload', servers: 'instance' },
  locks: () => [],
  now: instanceNow,
  offered: (row) => acceptsConnections(seenRow(row)),
  neverAsksPhrase: true,
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('files', 'Configuration files parse', ({ problems }) => filesParse(problems))
  .gate('pending', 'Settings pending a restart', ({ probe }) => pending(probe.pendingRestart))
  .effect(
    'reload',
    reloadPostgres((facts) => facts.instance),
  )
  .build()

function pending(names: readonly string[]): Verdict {
  return names.length === 0 ? pass : passBecause(`${counted(names.length, 'setting')} will still wait for a restart: ${names.join(', ')}.`)
}
