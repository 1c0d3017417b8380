'use client'

import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Age } from '@/components/ui/zone'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import type { InboxHost } from '@/lib/shapes/inbox'
import { useTicked } from './use-ticked'
import type { InboxWork } from './work'

export const HostList = ({
  hosts,
  environments,
  mayAccept,
  work,
}: {
  hosts: readonly InboxHost[]
  environments: readonly BadgedEnvironment[]
  mayAccept: boolean
  work: InboxWork
}) => {
  const [chosen, setChosen] = useState<Record<string, string>>({})
  const { ticked, setTicked, toggle } = useTicked()
  const environmentOf = (host: InboxHost) =>
    chosen[host.id] ?? (environments.some((one) => one.id === host.environmentId) ? host.environmentId! : '')
  /** A claim of its address holds in the environment that it claims. */
  const serverOf = (host: InboxHost) => (environmentOf(host) === host.environmentId ? host.suggestedServerId : null)
  const selected = hosts.filter((host) => ticked.has(host.id))
  const ready = selected.filter((host) => environmentOf(host) !== '')
  const accept = (list: readonly InboxHost[]) =>
    work.accept(
      'discovered-hosts',
      list.map((host) => ({ id: host.id, environmentId: environmentOf(host), ...(serverOf(host) ? { serverId: serverOf(host)! } : {}) })),
    )

  return (
    <Card
      title={`Hosts (${hosts.length})`}
      isFlush
      actions={
        mayAccept &&
        hosts.length > 0 && (
          <>
            <Button isSmall onClick={() => setTicked(ticked.size === hosts.length ? new Set() : new Set(hosts.map((host) => host.id)))}>
              {ticked.size === hosts.length ? 'Tick none' : 'Tick all'}
            </Button>
            <Button isSmall disabled={work.isBusy || selected.length === 0} onClick={() => work.ignore(selected.map((host) => host.id))}>
              Ignore {selected.length > 0 && selected.length}
            </Button>
            <Button
              isSmall
              variant="primary"
              disabled={work.isBusy || ready.length === 0 || ready.length < selected.length}
              onClick={() => accept(ready)}
            >
              Accept {selected.length > 0 && selected.length}
            </Button>
          </>
        )
      }
    >
      {hosts.length === 0 ? (
        <p className="p-4 text-ink-2">No hosts pending. A host appears here once its agent has enrolled.</p>
      ) : (
        <ul className="inbox">
          {hosts.map((host) => (
            <li key={host.id}>
              {mayAccept && (
                <input
                  type="checkbox"
                  aria-label={`Tick ${host.hostname}`}
                  checked={ticked.has(host.id)}
                  onChange={() => toggle(host.id)}
                />
              )}
              <div className="inbox-what">
                <p>
                  <strong>{host.hostname}</strong> <span className="text-ink-2">{host.addresses.join(', ')}</span>
                </p>
                <p className="text-ink-2">{host.suggestion || 'No environment suggested.'}</p>
                <p className="text-ink-2">
                  {host.instances > 0 && `${host.instances} of its instances pending too. `}
                  {host.seenAt ? (
                    <>
                      Reported <Age at={host.seenAt} />.
                    </>
                  ) : (
                    'Enrolled; no report yet.'
                  )}
                </p>
                {work.refusals[host.id] && <p className="st bad whitespace-normal">{work.refusals[host.id]}</p>}
              </div>
              {mayAccept && (
                <div className="inbox-acts">
                  <select
                    className="input w-auto"
                    aria-label={`Environment of ${host.hostname}`}
                    value={environmentOf(host)}
                    onChange={(event) => setChosen((now) => ({ ...now, [host.id]: event.target.value }))}
                  >
                    <option value="">Environment …</option>
                    {environments.map((environment) => (
                      <option key={environment.id} value={environment.id}>
                        {environment.name}
                        {environment.id === host.environmentId ? ' (suggested)' : ''}
                      </option>
                    ))}
                  </select>
                  <Button disabled={work.isBusy || environmentOf(host) === ''} onClick={() => accept([host])}>
                    {serverOf(host) ? `Accept as ${host.suggestedServerName}` : 'Accept'}
                  </Button>
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
