import { importBlueprint } from '@/db/blueprints/import'
import type { Imported } from '@/lib/domain/blueprints/import/collect'
import { isManifest, readCommand } from '@/lib/domain/blueprints/import/command'
import { readManifest } from '@/lib/domain/blueprints/import/manifest'
import { Fault } from '@/lib/kernel/ground/errors'
import { readYaml } from '@/lib/yaml'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

const readText = (text: string): Imported => {
  if (!isManifest(text)) return readCommand(text)
  const read = readYaml(text)
  if ('because' in read) throw new Fault('input.invalid', { fields: [{ path: 'text', message: read.because }] })
  return readManifest(read.value)
}

export const POST = serve(calls.importBlueprint, ({ actor, input: { text, saves, ...place } }) =>
  importBlueprint(actor, readText(text), saves ? place : null),
)
