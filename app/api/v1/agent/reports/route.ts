import { addressOf } from '@/lib/auth/address'
import { calls } from '../../../_lib/calls'
import { reportBytesMax, takeReport } from '../../../_lib/ingest'
import { readBody, serveRaw } from '../../../_lib/serve'

export const POST = serveRaw(calls.report, async ({ request }) => {
  const { headers } = request
  return takeReport({
    authorization: headers.get('authorization'),
    encoding: headers.get('content-encoding'),
    age: headers.get('x-report-age'),
    from: addressOf(headers),
    body: () => readBody(request, reportBytesMax),
  })
})
