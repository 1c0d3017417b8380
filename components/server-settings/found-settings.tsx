'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { handOver } from '@/components/operation/handover'
import { ActionsMenu } from '@/components/resource/list/actions-menu'
import type { ListAction } from '@/components/resource/list/list-data'
import { EnvironmentBadge } from '@/components/ui/environment'
import { Age } from '@/components/ui/zone'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import type { FoundSetting } from '@/lib/shapes/settings'
import { sourceOf, visible } from './words'

const noun = ['instance', 'instances'] as const

/** What was found, to tick for an operation on these instances. */
export const FoundSettings = ({
  items,
  actions,
  environments,
}: {
  items: readonly FoundSetting[]
  actions: readonly ListAction[]
  environments: Readonly<Record<string, BadgedEnvironment>>
}) => {
  const router = useRouter()
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const [isOpen, setOpen] = useState(false)
  const all = [...new Set(items.map(({ instanceId }) => instanceId))]
  const chosen = all.filter((id) => ticked.has(id))
  const tick = (ids: readonly string[], isOn: boolean) =>
    setTicked((now) => new Set(isOn ? [...now, ...ids] : [...now].filter((id) => !ids.includes(id))))
  const hasTicks = actions.length > 0
  return (
    <>
      {hasTicks && (
        <div className="flex flex-wrap items-center gap-3 px-4 py-2">
          <ActionsMenu
            actions={actions}
            chosen={chosen.length}
            noun={noun}
            isOpen={isOpen}
            onOpenChange={setOpen}
            onRun={(action) => router.push(handOver(action.path, action.name, chosen, action.of))}
          />
          <span role="status" className="text-ink-2">
            {chosen.length === 0 ? 'Tick instances to act on them together.' : `${chosen.length} of ${all.length} on this page ticked`}
          </span>
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section className="relative overflow-x-auto" tabIndex={0} aria-label="Table: instances">
        <table className="sheet" data-density="dense">
          <thead>
            <tr>
              {hasTicks && (
                <th className="x" scope="col">
                  <input
                    type="checkbox"
                    aria-label="Select every instance on this page"
                    checked={chosen.length === all.length}
                    onChange={(event) => tick(all, event.target.checked)}
                  />
                </th>
              )}
              {['Instance', 'Environment', 'Role', 'Setting', 'Value', 'Source', 'Seen'].map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {items.map((one) => (
              <tr key={`${one.instanceId} ${one.name}`}>
                {hasTicks && (
                  <td className="x">
                    <input
                      type="checkbox"
                      aria-label={`Select ${one.title}`}
                      checked={ticked.has(one.instanceId)}
                      onChange={(event) => tick([one.instanceId], event.target.checked)}
                    />
                  </td>
                )}
                <th scope="row">
                  <Link href={`/instances/${one.instanceId}/settings?q=${encodeURIComponent(one.name)}&show=all`} prefetch={false}>
                    {one.title}
                  </Link>
                </th>
                <td>{environments[one.environmentId] && <EnvironmentBadge environment={environments[one.environmentId]!} />}</td>
                <td>{one.role}</td>
                <td>{one.name}</td>
                <td className="settings-value" title={one.shown}>
                  {visible(one.shown)}
                  {one.isPendingRestart && (
                    <span className="st warn"> {one.pendingShown === null ? 'changes' : visible(one.pendingShown)} after a restart</span>
                  )}
                </td>
                <td title={one.file ?? undefined}>{sourceOf(one)}</td>
                <td>
                  <Age at={one.seenAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  )
}
