import { ownFields } from '@/lib/domain/blueprints/import/keys'
import { ownKind } from '@/lib/domain/blueprints/import/manifest'
import type { FieldSpec } from '@/lib/kernel/resource/field'
import { blueprint } from '@/lib/resources/blueprint'
import { type JsonSchema, writtenField } from './openapi-schemas'

/** Of the console's own manifest: what an editor of YAML needs to complete and check it. */
export const manifestSchema = (): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Blueprint of a herd',
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'name', 'regions'],
  properties: {
    kind: { const: ownKind },
    ...Object.fromEntries(
      [...ownFields, 'adminPassword'].map((name) => [name, writtenField((blueprint.fields as Record<string, FieldSpec>)[name]!)]),
    ),
  },
})
