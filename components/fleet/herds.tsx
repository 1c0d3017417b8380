'use client'

import Link from 'next/link'
import { memo } from 'react'
import { EnvironmentBadge } from '@/components/ui/environment'
import type { FleetEnvironment, FleetHerd } from '@/lib/domain/problems/fleet'
import { hasNoPrimary, herdSeverity, isSplit } from '@/lib/domain/problems/judge'
import { tilesMax, worstFirst } from '@/lib/domain/problems/listed-herds'
import { formatBytes } from '@/lib/domain/values/bytes'
import { severityLook } from './problems'

const words = (herd: FleetHerd): string => {
  if (herd.members === 0) return 'no members'
  if (isSplit(herd)) return 'split brain'
  if (herd.isStopped) return 'stopped'
  if (hasNoPrimary(herd)) return herd.unseen > 0 ? 'primary not seen' : 'no primary'
  const down = (herd.troubles.down ?? 0) + (herd.troubles.unreachable ?? 0) + (herd.troubles.refused ?? 0)
  if (down > 0) return `${down} down`
  if (herd.troubles['not-streaming']) return 'not streaming'
  if (herd.troubles.lagging) return `lag ${herd.lagBytesMax === null ? '' : formatBytes(herd.lagBytesMax)}`.trim()
  if (herd.troubles['replay-paused']) return 'replay paused'
  if (herd.troubles.replaced) return 'former primary down'
  if (herd.isHealthCritical) return 'health critical'
  if (herd.troubles.stale) return 'stale'
  if (herd.troubles['pending-restart']) return 'restart pending'
  if (herd.awaited > 0) return 'not seen yet'
  return 'healthy'
}

const Tile = memo(({ herd }: { herd: FleetHerd }) => {
  const severity = herdSeverity(herd)
  const tone =
    herd.members === 0 || herd.isStopped || (herd.awaited > 0 && severity === null)
      ? 'neutral'
      : severity === null
        ? 'good'
        : severityLook[severity][0]
  return (
    <li>
      {/* A plain anchor: there are hundreds, and the shell follows it through the router. */}
      <a href={`/herds/${herd.id}`} className={`fleet-tile ${tone}`} data-severity={severity ?? 'none'}>
        <strong>{herd.name}</strong>
        <span className="fleet-tile-line">
          <span className="st">{words(herd)}</span>
          <span className="text-ink-2">
            {herd.online}/{herd.members}
          </span>
        </span>
      </a>
    </li>
  )
})
Tile.displayName = 'Tile'

/** The fleet as tiles: one herd each, by environment. */
export const HerdGrid = ({
  environments,
  herds,
  mayBeAddedIn,
}: {
  environments: readonly FleetEnvironment[]
  herds: readonly FleetHerd[]
  mayBeAddedIn: readonly string[]
}) => (
  <div className="fleet-environments">
    {environments.map((environment) => {
      const own = worstFirst(herds.filter((herd) => herd.environmentId === environment.id))
      return (
        <section key={environment.id} className="card" aria-label={environment.name} data-env={environment.colour}>
          <header className="fleet-env-head">
            <h3>
              <EnvironmentBadge environment={environment} />
            </h3>
            <span className="text-ink-2">
              <Link href={`/herds?environmentId=${environment.id}`} prefetch={false}>
                {environment.herds} {environment.herds === 1 ? 'herd' : 'herds'}
              </Link>
              {', '}
              <Link href={`/servers?environmentId=${environment.id}`} prefetch={false}>
                {environment.serversReachable} of {environment.servers} servers answer
              </Link>
            </span>
          </header>
          {own.length === 0 ? (
            <p className="p-3 text-ink-2">
              No herds here yet.{' '}
              {mayBeAddedIn.includes(environment.id) && <Link href={`/herds/add?environmentId=${environment.id}`}>Add one</Link>}
            </p>
          ) : (
            <ul className="fleet-tiles">
              {own.slice(0, tilesMax).map((herd) => (
                <Tile key={herd.id} herd={herd} />
              ))}
            </ul>
          )}
          {environment.herds > tilesMax && (
            <p className="p-3 pt-0">
              <Link href={`/herds?environmentId=${environment.id}`} prefetch={false}>
                All {environment.herds}; these are the {tilesMax} that need most
              </Link>
            </p>
          )}
        </section>
      )
    })}
  </div>
)
