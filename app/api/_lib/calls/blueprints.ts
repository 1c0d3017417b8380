import { z } from 'zod'
import { changeKinds } from '@/lib/domain/blueprints/effects'
import { defineCall } from '../call'

const tag = 'blueprints'
const usd = z.number().nullable().describe('USD; null: not known.')
const told = z.array(z.object({ key: z.string(), because: z.string() }))

export const blueprintCalls = {
  judgeBlueprint: defineCall({
    method: 'POST',
    path: '/api/v1/blueprints/judge',
    tag,
    caller: 'actor',
    summary: 'What fits a blueprint, what it costs, and what a change of it does',
    description: 'By the prices of its cloud account. Nothing is saved; a field that makes no sense counts as empty.',
    input: z.strictObject({
      id: z.uuid().nullable().default(null).describe('Of the stored blueprint that the values are compared with.'),
      values: z.record(z.string(), z.unknown()).describe('Fields of a blueprint.'),
    }),
    output: z.object({
      account: z.string().nullable().describe('Whose prices these are; null: the console’s sample.'),
      hasSample: z.boolean().describe('Some of what it says is the console’s sample, not of today.'),
      total: z.int(),
      fittingTypes: z.int(),
      offers: z.array(
        z.object({
          type: z.string(),
          zone: z.string().nullable(),
          region: z.string(),
          vcpus: z.int(),
          memoryGib: z.number(),
          spotUsd: usd,
          onDemandUsd: usd,
          evictionMax: z.number().nullable(),
          score: z.number().nullable(),
        }),
      ),
      nearest: z.array(z.object({ type: z.string(), reasons: z.array(z.string()) })),
      machines: z.int(),
      monthUsd: usd,
      rdsMonthUsd: usd,
      tuning: z.array(z.object({ name: z.string(), value: z.string(), because: z.string() })),
      effects: z.array(z.object({ field: z.string(), label: z.string(), kind: z.enum(changeKinds), because: z.string() })),
      worst: z.enum(changeKinds),
    }),
    faults: ['input.invalid', 'access.denied', 'record.missing'],
  }),
  importBlueprint: defineCall({
    method: 'POST',
    path: '/api/v1/blueprints/import',
    tag,
    caller: 'actor',
    summary: 'Read a manifest, flags or variables of pg-spot-operator, or a manifest of the console, and add the blueprint',
    description:
      'Every key is accounted for: taken into a field, kept without effect, or left out with the reason. With saves the blueprint is added, unless a key is unknown or makes no sense. A token gives no password.',
    input: z.strictObject({
      text: z.string().min(1, 'Give the text.').max(100_000),
      saves: z.boolean().default(false),
      environmentId: z.uuid(),
      accountId: z.uuid().nullable().default(null),
      name: z.string().max(40).nullable().default(null).describe('In place of the name in the text.'),
    }),
    output: z.object({
      id: z.uuid().nullable().describe('Of the blueprint that was added; null: none was.'),
      taken: z.array(z.object({ key: z.string(), field: z.string(), shown: z.string(), note: z.string().nullable() })),
      kept: z.array(z.object({ key: z.string(), shown: z.string(), because: z.string() })).describe('Without effect.'),
      dropped: told,
      unknown: z.array(z.object({ key: z.string(), nearest: z.string().nullable() })),
      problems: told,
    }),
    faults: ['input.invalid', 'access.denied', 'record.duplicate'],
  }),
  blueprintSchema: defineCall({
    method: 'GET',
    path: '/api/v1/blueprints/schema',
    tag,
    caller: 'actor',
    summary: 'The JSON Schema of the console’s own manifest of a blueprint',
    output: z.looseObject({}),
    faults: [],
  }),
  blueprintManifest: defineCall({
    method: 'GET',
    path: '/api/v1/blueprints/{id}/manifest',
    tag,
    caller: 'actor',
    summary: 'A blueprint as a manifest of YAML',
    description: 'What is not as it is by default, without its password and its place. Import takes it again.',
    contentType: 'application/yaml',
    faults: ['record.missing'],
  }),
}
