import { readMetrics } from '@/db/fleet/metrics'
import { readLatestSamples } from '@/db/samples/read'
import { calls } from '../api/_lib/calls'
import { prometheusText } from '../api/_lib/prometheus'
import { requestCounts } from '../api/_lib/requests'
import { serve } from '../api/_lib/serve'

export const dynamic = 'force-dynamic'

export const GET = serve(
  calls.metrics,
  async ({ actor }) =>
    new Response(prometheusText(...(await Promise.all([readMetrics(actor), readLatestSamples(actor)])), requestCounts()), {
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
    }),
)
