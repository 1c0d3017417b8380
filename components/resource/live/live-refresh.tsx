'use client'

import { useRouter } from 'next/navigation'
import { useNow } from '@/components/ui/zone'
import { ChangesMark } from './changes-mark'
import { useChanges } from './use-changes'

const refreshEveryMs = 2_000

/** Renders the page again on the server when one of `ids` (instances, environments, runs) or one of `records` (resource names) changes. */
export const LiveRefresh = ({
  ids,
  records,
  newestAt,
}: {
  ids: readonly string[]
  records: readonly string[]
  /** ISO time of the newest fact shown; null: nothing here is observed. */
  newestAt: string | null
}) => {
  const router = useRouter()
  const now = useNow(1_000)
  const state = useChanges(
    (topic, names) => names.some((name) => (topic === 'records' ? records : ids).includes(name)),
    () => router.refresh(),
    refreshEveryMs,
  )
  return <ChangesMark state={state} newestAt={newestAt === null ? null : Date.parse(newestAt)} now={now} />
}
