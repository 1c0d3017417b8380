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

/** Which operation is the next of the two, and on what. */
const nextOf = (herdId: string, { way, instanceId }: FailBackSeen) => {
  if (way === 'ready')
    return {
      label: 'Fail back to it',
      operation: 'failover',
      href: `/dr-pairs/run/failover?ids=${herdId}&candidate=${instanceId}`,
    } as const
  if (way === 'rebuild') return { label: 'Rebuild it', operation: 'rebuild', href: `/instances/run/rebuild?ids=${instanceId}` } as const
  return { label: 'Let it rejoin', operation: 'rejoin', href: `/instances/run/rejoin?ids=${instanceId}` } as const
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
  const next = nextOf(herdId, seen)
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
