'use client'

import { useRouter } from 'next/navigation'
import { fingerprintIn, type LastCheck } from '@/components/resource/check/check-steps'
import { CheckView } from '@/components/resource/check/check-view'
import { type StartCheck, useCheck } from '@/components/resource/check/use-check'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import type { Json } from '@/lib/kernel/ground/json'
import type { Outcome } from '@/lib/shapes/outcome'
import { HostKeyAlarm, MachineAlarm } from './host-key'

export interface CheckServerActions {
  startCheck: StartCheck
  saveRecord: (
    resource: string,
    id: string | null,
    values: Record<string, Json>,
    revision: number | null,
  ) => Promise<Outcome<{ id: string }>>
}

/**
 * Runs the check of a server and shows each step as it comes. A key that is not pinned is accepted here, and the check then runs again by itself.
 * It changes nothing on the host.
 */
export const ServerCheck = ({
  serverId,
  revision,
  pinned,
  shown,
  machine,
  because,
  mayNotAccept,
  last,
  actions,
}: {
  serverId: string
  revision: number
  pinned: string | null
  /** The key that the host showed instead, when it was last seen. */
  shown: string | null
  /** The registered machine, and the one that said it was another when it was last seen. */
  machine: { pinned: string | null; shown: string | null }
  /** Why this person may not run it; null: they may. */
  because: string | null
  /** Why this person may not accept a key; null: they may. */
  mayNotAccept: string | null
  last: LastCheck | null
  actions: CheckServerActions
}) => {
  const router = useRouter()
  const check = useCheck('check-server', serverId, actions.startCheck, because)

  const accept = async (values: { hostKey: string } | { machineId: string }) => {
    const answer = await actions.saveRecord('server', serverId, values, revision)
    if (!answer.ok) check.setProblem(answer.message)
    else {
      router.refresh()
      if (because === null) void check.start()
    }
  }

  const seen = check.steps
    .map((step) => (/key/i.test(step.title) ? fingerprintIn(step.because) : null))
    .find((key) => key !== null && key !== pinned)
  const offered = shown ?? seen ?? null
  return (
    <div className="grid min-w-0 gap-3.5">
      {offered !== null && pinned !== null && (
        <HostKeyAlarm key={offered} pinned={pinned} offered={offered} because={mayNotAccept} accept={() => accept({ hostKey: offered })} />
      )}
      {machine.pinned !== null && machine.shown !== null && (
        <MachineAlarm
          key={machine.shown}
          pinned={machine.pinned}
          offered={machine.shown}
          because={mayNotAccept}
          accept={() => accept({ machineId: machine.shown! })}
        />
      )}
      <Card title="Check">
        <div className="grid gap-3">
          <CheckView
            check={check}
            noun="server"
            what="Reachable, host key, login, machine, programs, versions, clusters, disk, clock. Changes nothing."
            because={because}
            last={last}
          />
          {offered !== null && pinned === null && !check.isOpen && mayNotAccept === null && (
            <Note
              tone="warn"
              title="Is this the host’s key?"
              actions={
                <Button variant="primary" onClick={() => void accept({ hostKey: offered })}>
                  Accept this key
                </Button>
              }
            >
              <p>
                <code>{offered}</code>
              </p>
              <p>
                On the host: <code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>. Accept only what you have compared there.
              </p>
            </Note>
          )}
        </div>
      </Card>
    </div>
  )
}
