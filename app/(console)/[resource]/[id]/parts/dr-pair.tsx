import { Candidates } from '@/components/failover/candidates'
import { FailBack, type FailBackSeen } from '@/components/failover/fail-back'
import { LiveRefresh } from '@/components/resource/live/live-refresh'
import { Card } from '@/components/ui/card'
import { shownCandidates } from '@/db/fleet/candidates'
import { mayRun } from '@/lib/operations/may-run'
import { failBackWays } from '@/lib/resources/choices'
import { HerdAppointments } from './herd-appointments'
import { HerdTree } from './herd-tree'
import { OwnDatabase } from './own-database'
import type { Loaded, ResourceParts } from './part'

const failBackOf = ({ failBack, failBackBecause, failBackId }: Readonly<Record<string, unknown>>): FailBackSeen | null => {
  const choice = failBackWays.find(({ value }) => value === failBack)
  if (choice === undefined || choice.value === 'none' || typeof failBackId !== 'string') return null
  return {
    way: choice.value,
    label: choice.label,
    tone: choice.tone ?? 'neutral',
    because: String(failBackBecause ?? ''),
    instanceId: failBackId,
  }
}

/** Who would take over, live, what failing back would take, and the tree, and what is scheduled. */
const Above = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const { id, environmentId, values } = record
  const candidates = await shownCandidates(id)
  const may = (operation: string) => mayRun(actor, operation, environmentId)
  const failBack = failBackOf(values)
  const shown = [...candidates.map((one) => one.id), ...(failBack === null ? [] : [failBack.instanceId])]
  return (
    <>
      <OwnDatabase id={id} />
      <HerdAppointments actor={actor} herdId={id} />
      <Card title="Candidates" isFlush actions={<LiveRefresh ids={shown} records={['instance', 'herd']} newestAt={null} />}>
        <Candidates herdId={id} candidates={candidates} mayFailOver={may('failover')} />
      </Card>
      {failBack !== null && (
        <Card title="Fail back">
          <FailBack
            herdId={id}
            seen={failBack}
            may={{
              failover: may('failover'),
              rebuild: may('rebuild'),
              rejoin: may('rejoin'),
            }}
          />
        </Card>
      )}
      <Card title="Replication">
        <HerdTree herdId={id} />
      </Card>
    </>
  )
}

export const drPair: ResourceParts = { Above }
