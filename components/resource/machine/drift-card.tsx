'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { ExactCommands } from '@/components/operation/exact-commands'
import { callApi } from '@/components/run/call-api'
import { Button, LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { LineDiff } from '@/components/ui/line-diff'
import { Note } from '@/components/ui/note'
import { Moment } from '@/components/ui/zone'
import { type Difference, type DriftField, takenFields } from '@/lib/domain/machines/drift'
import type { ByHand } from '@/lib/domain/machines/set-back'
import { writes } from '@/lib/shapes/writes'

const labels: Record<DriftField, string> = {
  appeared: 'Machine',
  gone: 'Machine',
  type: 'Type',
  state: 'State',
  zone: 'Zone',
  name: 'Name',
  tags: 'Tags',
  volumes: 'Volumes',
  addresses: 'Addresses',
  server: 'Server',
  herd: 'Herd',
  role: 'Role',
}

/** How the cloud, or what is registered, is made what the console has recorded. */
export interface SetBack {
  label: string
  href: string
}

const isTaken = (field: DriftField): boolean => (takenFields as readonly DriftField[]).includes(field)

/** Where the cloud says otherwise than the console has recorded, and what to do about either side. `because`: why this person may not; null: they may. */
export const DriftCard = ({
  id,
  differences,
  since,
  recordedAt,
  recordedBy,
  setBack,
  byHand,
  because,
}: {
  id: string
  differences: readonly Difference[]
  /** ISO time. */
  since: string | null
  /** ISO time; null: it never was recorded. */
  recordedAt: string | null
  recordedBy: string | null
  setBack: Readonly<Partial<Record<DriftField, SetBack>>>
  /** What no operation and no form does. */
  byHand: Readonly<Partial<Record<DriftField, ByHand>>>
  because: string | null
}) => {
  const router = useRouter()
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const taken = differences.filter(({ field }) => isTaken(field))
  const take = async (fields: readonly Difference[]) => {
    setBusy(true)
    const outcome = await callApi(
      writes.recordMachine(
        id,
        fields.map(({ field, cloud }) => ({ field, cloud })),
      ),
    )
    setRefusal(outcome.ok ? null : outcome.message)
    setBusy(false)
    router.refresh()
  }
  return (
    <Card
      title="Drift"
      actions={
        taken.length > 1 && (
          <Button isSmall disabled={isBusy || because !== null} title={because ?? undefined} onClick={() => void take(taken)}>
            Take over all {taken.length}
          </Button>
        )
      }
    >
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      <p className="mb-2 text-ink-2">
        − in the console, + in the cloud.
        {since && (
          <>
            {' '}
            Drifted since <Moment at={since} />.
          </>
        )}
        {recordedAt && (
          <>
            {' '}
            Recorded <Moment at={recordedAt} />
            {recordedBy && ` by ${recordedBy}`}; changed by somebody else since.
          </>
        )}
      </p>
      <ul className="grid gap-3" aria-label="Differences between console and cloud">
        {differences.map((one) => (
          <li key={one.field} className="grid gap-1">
            <div className="flex flex-wrap items-center gap-2">
              <strong className="grow">{labels[one.field]}</strong>
              {setBack[one.field] && (
                <LinkButton isSmall href={setBack[one.field]!.href}>
                  {setBack[one.field]!.label}
                </LinkButton>
              )}
              {isTaken(one.field) && (
                <Button
                  isSmall
                  disabled={isBusy || because !== null}
                  title={because ?? 'Record what the cloud says.'}
                  aria-label={`Take over what the cloud says: ${labels[one.field]}`}
                  onClick={() => void take([one])}
                >
                  Take over
                </Button>
              )}
            </div>
            <LineDiff lines={[...one.console.map((line) => `- ${line}`), ...one.cloud.map((line) => `+ ${line}`)]} />
            {byHand[one.field] && (
              <div className="grid gap-1 text-ink-2">
                <p>{byHand[one.field]!.says}</p>
                <ExactCommands commands={byHand[one.field]!.commands} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </Card>
  )
}
