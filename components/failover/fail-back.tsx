import { LinkButton } from '@/components/ui/button'
import { State } from '@/components/ui/state'
import type { Tone } from '@/lib/kernel/resource/field'

export interface FailBackSeen {
  /** none: nothing to bring back. ready: the old primary follows again. The others say what bringing it back would take. */
  way: string
  label: string
  tone: Tone
  because: string
  /** The old primary. */
  instanceId: string
}

/** The next of the two steps back: bring the former primary back as a standby, then fail over to it. */
export const nextStepBack = (herdId: string, { way, instanceId }: Pick<FailBackSeen, 'way' | 'instanceId'>) => {
  if (way === 'ready')
    return {
      label: 'Fail back to the former primary',
      operation: 'failover',
      href: `/dr-pairs/run/failover?ids=${herdId}&candidate=${instanceId}`,
    } as const
  if (way === 'rebuild')
    return { label: 'Rebuild former primary', operation: 'rebuild', href: `/instances/run/rebuild?ids=${instanceId}` } as const
  return { label: 'Rejoin former primary', operation: 'rejoin', href: `/instances/run/rejoin?ids=${instanceId}` } as const
}

/** What bringing the old primary back would take, by the last looks, and the next of the two steps. */
export const FailBack = ({
  herdId,
  seen,
  may,
}: {
  herdId: string
  seen: FailBackSeen
  may: Record<'failover' | 'rebuild' | 'rejoin', boolean>
}) => {
  const next = nextStepBack(herdId, seen)
  return (
    <div className="flex flex-wrap items-center gap-3">
      <State tone={seen.tone}>{seen.label}</State>
      <span className="min-w-64 flex-1">{seen.because}</span>
      {may[next.operation] && (
        <LinkButton isSmall href={next.href}>
          {next.label}
        </LinkButton>
      )}
    </div>
  )
}
