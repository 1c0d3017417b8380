import { getRecord } from '@/db/records/records'
import { certificateDocument } from '@/db/runs/certificates'
import { Fault } from '@/lib/kernel/ground/errors'
import { certificate } from '@/lib/resources/certificate'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const GET = serve(calls.certificateDocument, async ({ actor, params }) => {
  const { id } = await getRecord(actor, certificate, params.id!)
  const document = await certificateDocument(id)
  if (document === null) throw new Fault('record.missing')
  return new Response(document, {
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="certificate-${id}.json"`,
    },
  })
})
