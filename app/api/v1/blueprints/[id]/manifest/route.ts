import { getRecord } from '@/db/records/records'
import { manifestOf } from '@/lib/domain/blueprints/import/manifest'
import { blueprint } from '@/lib/resources/blueprint'
import { writeYaml } from '@/lib/yaml'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const GET = serve(calls.blueprintManifest, async ({ actor, params }) => {
  const { values, title } = await getRecord(actor, blueprint, params.id!)
  return new Response(writeYaml(manifestOf(values)), {
    headers: {
      'content-type': 'application/yaml',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-disposition': `inline; filename="${title}.yaml"`,
    },
  })
})
