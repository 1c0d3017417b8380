import type { Metadata } from 'next'
import { PrintButton } from '@/components/failover/print-button'
import { Report } from '@/components/failover/report'
import { LiveRefresh } from '@/components/resource/live/live-refresh'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/note'
import { hasCertificate } from '@/db/runs/certificates'
import { keptLines, laterWork } from '@/db/runs/failovers'
import { fencesAfter } from '@/db/runs/fences'
import { reportOfMove } from '@/lib/operations/switchover/report'
import { loadObject } from '../../[resource]/[id]/load'

interface Props {
  params: Promise<{ id: string }>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { record } = await loadObject('failovers', (await params).id)
  return { title: `Failover of ${record.title}` }
}

const FailoverPage = async ({ params }: Props) => {
  const { record, environment, crumbs } = await loadObject('failovers', (await params).id)
  const [lines, later, fences] = await Promise.all([keptLines(record.id), laterWork(record.id), fencesAfter(record.id)])
  const report = reportOfMove(lines, later)
  const runId = String(record.values.runId)
  return (
    <>
      <PageHeader
        crumbs={crumbs}
        title={`Failover of ${record.title}`}
        environment={environment}
        actions={
          <>
            <span className="self-center">
              <LiveRefresh ids={[runId, ...later.map((work) => work.runId)]} records={['certificate']} newestAt={null} />
            </span>
            {(await hasCertificate(record.id)) && <LinkButton href={`/certificates/${record.id}`}>Certificate</LinkButton>}
            <PrintButton />
          </>
        }
      />
      {report === null ? (
        <EmptyState title="Nothing to report yet">The job has not read the state of the herd.</EmptyState>
      ) : (
        <Report report={report} runHref={`/runs/${runId}?job=${record.id}`} fences={fences} />
      )}
    </>
  )
}

export default FailoverPage
