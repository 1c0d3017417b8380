import { calls } from '../../../_lib/calls'
import { reportBytesMax, takeReport } from '../../../_lib/ingest'
import { readBody, serveRaw } from '../../../_lib/serve'

export const POST = serveRaw(calls.report, async ({ request }) => {
  const { headers } = request
  return takeReport({
    authorization: headers.get('authorization'),
    encoding: headers.get('content-encoding'),
    age: headers.get('x-report-age'),
    body: await readBody(request, reportBytesMax),
  })
})
