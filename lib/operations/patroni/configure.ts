import { z } from 'zod'
import { editLine, shownValue } from '@/lib/domain/managers/config-history'
import {
  type ConfigEdit,
  type ConfigObject,
  configAt,
  paceProblem,
  parseEdits,
  patchOf,
  restartFor,
} from '@/lib/domain/managers/patroni-config'
import { canonicalJson, isObject, type Json } from '@/lib/kernel/ground/json'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect } from '@/lib/kernel/operation/operation'
import { pass, passBecause, refuse } from '@/lib/kernel/operation/verdict'
import type { JsonBody } from '@/lib/ports'
import { orNull } from '../facts/or-null'
import { aboutCluster, type ClusterFacts, clusterNow, gatherCluster, mustBeTaken, oneCluster, readConfig, tellCluster } from './cluster'

type Change = { path: string[]; from: Json; to: Json }
type ConfigureFacts = ClusterFacts & {
  /** null: the configuration could not be read. */
  changes: Change[] | null
  patch: ConfigObject | null
  pace: string | null
  restart: string | null
}
type Before = { values: Json[] }

const writeTimeoutMs = 60_000

export const patroniConfigure = defineOperation({
  name: 'patroni-configure',
  on: 'dr-pair',
  role: 'dba',
  title: 'Edit Patroni’s configuration',
  verb: 'Edit Patroni’s configuration',
  danger: 'disruptive',
  input: z.strictObject({
    settings: z
      .string()
      .trim()
      .min(1)
      .max(20_000)
      .superRefine((text, context) => {
        for (const message of parseEdits(text).problems) context.addIssue({ code: 'custom', message })
      })
      .meta({
        title: 'Settings',
        description:
          'One a line, NAME = VALUE; null takes a setting out. Patroni’s own by their names (ttl = 30), those of PostgreSQL as postgresql.parameters.work_mem = 16MB.',
        format: 'sql',
        examples: ['postgresql.parameters.work_mem = 16MB'],
      }),
  }),
  help: [
    'Changes the dynamic configuration of the cluster in the DCS (PATCH /config). Every member takes it at its next loop, reloads its server, and shows what needs a restart.',
    'The plan shows each setting as it is and as it will be. Only these are sent, and only while they are as the plan showed them: what somebody else changes meanwhile is neither overwritten nor lost.',
    'To go back, run it with the lines that the journal gives for it. Every edit stays among the runs of the herd.',
  ],
  gather: async (ports, { settings }, context): Promise<ConfigureFacts> => {
    const facts = await gatherCluster(ports, context)
    const text = await orNull(readConfig(facts.places, ports, context.signal), context.signal)
    const config = text === null ? null : configOf(text)
    if (config === null) return { ...facts, changes: null, patch: null, pace: null, restart: null }
    const { edits } = parseEdits(settings)
    return {
      ...facts,
      changes: edits.map(({ path, value }) => ({ path, from: valueAt(config, path), to: value as Json })),
      patch: patchOf(config, edits),
      pace: paceProblem(config, edits),
      restart: restartFor(config, edits),
    }
  },
  about: aboutCluster,
  firm: ({ cluster, changes }) => ({ cluster, changes }),
  managed: { harmless: 'It goes through Patroni.' },
  through: 'patroni',
  locks: ({ herd }) => [`herd:${herd.id}`],
  now: (facts) => [
    ...clusterNow(facts),
    ...(facts.changes ?? []).map(({ path, from, to }) => {
      const [was, is] = [from, to].map((value) => shown(kept(path, value)))
      return { label: path.join('.'), value: `${was} → ${is}` }
    }),
  ],
})
  .gate('patroni', 'One Patroni cluster that answers', oneCluster)
  .gate('readable', 'Its configuration can be read', ({ changes, why }) =>
    changes === null && why === null ? refuse('No member gives the configuration: GET /config.') : pass,
  )
  .gate('change', 'Something changes', ({ changes }) =>
    changes?.every(({ from, to }) => isEqual(from, to)) ? refuse('Every setting is so already.') : pass,
  )
  .gate('pace', 'ttl, loop_wait and retry_timeout fit together', ({ pace }) => (pace === null ? pass : refuse(pace)))
  .gate('restart', 'Restarts', ({ restart, changes }) =>
    restart !== null ? passBecause(restart) : changes === null ? pass : passBecause('None of these is known to need a restart.'),
  )
  .effect('write', writeConfig())
  .build()

function configOf(text: string): ConfigObject | null {
  try {
    const config = JSON.parse(text) as Json
    return isObject(config) ? (config as ConfigObject) : null
  } catch {
    return null
  }
}

function valueAt(config: ConfigObject, path: readonly string[]): Json {
  return configAt(config, path) as Json
}
function isEqual(a: Json, b: Json): boolean {
  return canonicalJson(a) === canonicalJson(b)
}
function shown(value: Json): string {
  return value === null ? 'not set' : typeof value === 'string' ? value : JSON.stringify(value)
}
/** As plans and journals may hold it. */
function kept(path: readonly string[], value: Json): Json {
  return shownValue(path.join('.'), value as ConfigEdit['value']) as Json
}
const line = ({ path }: Pick<Change, 'path'>, value: Json): string => editLine(path.join('.'), kept(path, value) as ConfigEdit['value'])

/** Merged into what is there, by compare-and-set of the whole document: these settings are as the plan showed them when it is sent. */
function writeConfig(): Effect<ConfigureFacts, Before, null> {
  const editsOf = (changes: readonly Change[], values: readonly Json[]): ConfigEdit[] =>
    changes.map(({ path }, index) => ({ path, value: values[index] as ConfigEdit['value'] }))
  return {
    title: 'Write the configuration',
    preview: ({ patch }) => ({
      sentence: 'Change these settings in the DCS, and read them back.',
      commands: [`PATCH /config ${JSON.stringify(patch)}`],
    }),
    check: async ({ places, changes }, ports, { signal, intended }) => {
      const config = configOf(await readConfig(places, ports, signal)) ?? {}
      const now = (changes ?? []).map(({ path }) => valueAt(config, path))
      if ((changes ?? []).every(({ to }, index) => isEqual(now[index]!, to))) return { found: 'done', output: null }
      const from = intended?.before.values ?? (changes ?? []).map((one) => one.from)
      const moved = (changes ?? []).filter((_one, index) => !isEqual(now[index]!, from[index]!))
      if (moved.length === 0) return { found: 'ready', before: { values: now } }
      return {
        found: 'blocked',
        because: `Somebody else has changed ${moved.map(({ path }) => path.join('.')).join(', ')} since the plan was made.`,
      }
    },
    run: async (facts, before, ports, context) => {
      const changes = facts.changes ?? []
      const text = await readConfig(facts.places, ports.read, context.signal)
      const config = configOf(text) ?? {}
      context.note('info', `To go back:\n${changes.map((one, index) => line(one, before.values[index]!)).join('\n')}`)
      const body = patchOf(
        config,
        editsOf(
          changes,
          changes.map(({ to }) => to),
        ),
      ) as JsonBody
      mustBeTaken(await tellCluster(facts, { method: 'PATCH', path: '/config', body, whileConfigIs: text }, ports, context))
    },
    timeoutMs: writeTimeoutMs,
    ending: {
      undo: async (facts, before, _output, ports, context) => {
        const changes = facts.changes ?? []
        const text = await readConfig(facts.places, ports.read, context.signal)
        const config = configOf(text) ?? {}
        if (changes.some(({ path, to }) => !isEqual(valueAt(config, path), to))) return
        const body = patchOf(config, editsOf(changes, before.values)) as JsonBody
        mustBeTaken(await tellCluster(facts, { method: 'PATCH', path: '/config', body, whileConfigIs: text }, ports, context))
      },
      sentence: 'These settings are put back, unless somebody has changed them since.',
    },
  }
}
