'use client'

import type { FindOptions } from '@/components/fields/input-props'
import { Button, LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { EnvironmentBadge } from '@/components/ui/environment'
import { State } from '@/components/ui/state'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import type { InboxMachine } from '@/lib/shapes/inbox'
import { TieMachine } from './tie-machine'
import { useTicked } from './use-ticked'
import type { InboxWork } from './work'

/** A host is registered by the server's form, a DB instance by the card on its own page. */
const registerAt = ({ id, kind, title, addresses, environmentId }: InboxMachine): string =>
  kind === 'rds'
    ? `/machines/${id}`
    : `/servers/add?${new URLSearchParams({ hostname: title, address: addresses[0] ?? '', environmentId }).toString()}`

const MachineItem = ({
  machine,
  environment,
  because,
  work,
  findServers,
}: {
  machine: InboxMachine
  environment: BadgedEnvironment | undefined
  because: string | null
  work: InboxWork
  findServers: FindOptions
}) => (
  <>
    <div className="inbox-what">
      <p>
        {environment && <EnvironmentBadge environment={environment} />} <a href={`/machines/${machine.id}`}>{machine.title}</a>{' '}
        <State tone={['running', 'available'].includes(machine.state) ? 'good' : 'neutral'}>{machine.state}</State>{' '}
        <span className="text-ink-2">
          {machine.kind === 'rds' ? 'RDS' : 'EC2'}, {machine.type}, {machine.zone}
          {machine.addresses.length > 0 && <>, {machine.addresses.join(', ')}</>}
        </span>
      </p>
      <p className="text-ink-2">
        {machine.tie === 'ambiguous' ? 'Several registered servers have its addresses.' : 'No registered server has its addresses.'}
        {machine.herdByTags !== null && ` Its tags name the herd ${machine.herdByTags}.`}
      </p>
      {work.refusals[machine.id] && <p className="st bad whitespace-normal">{work.refusals[machine.id]}</p>}
    </div>
    {because === null && (
      <div className="inbox-acts">
        <TieMachine
          title={machine.title}
          environmentId={machine.environmentId}
          isBusy={work.isBusy}
          because={null}
          find={findServers}
          onTie={(serverId) => void work.tie(machine.id, serverId)}
        />
        <LinkButton href={registerAt(machine)} aria-label={`Register ${machine.title}`}>
          Register
        </LinkButton>
      </div>
    )}
  </>
)

/** Machines and DB instances that cloud accounts see and that are no server's. */
export const MachineList = ({
  machines,
  total,
  environments,
  mayChange,
  work,
  findServers,
}: {
  machines: readonly InboxMachine[]
  total: number
  environments: Readonly<Record<string, BadgedEnvironment>>
  /** Environments whose machines this person may tie. */
  mayChange: readonly string[]
  work: InboxWork
  findServers: FindOptions
}) => {
  const { ticked, toggle } = useTicked()
  const may = ({ environmentId }: InboxMachine) => mayChange.includes(environmentId)
  const selected = machines.filter((machine) => ticked.has(machine.id) && may(machine))
  if (total === 0) return null
  return (
    <Card
      title={`Machines of cloud accounts (${total})`}
      isFlush
      actions={
        machines.some(may) && (
          <Button
            isSmall
            disabled={work.isBusy || selected.length === 0}
            title={selected.length === 0 ? 'Tick some first.' : undefined}
            onClick={() => void work.ignoreMachines(selected.map(({ id }) => id))}
          >
            Ignore {selected.length > 0 && selected.length}
          </Button>
        )
      }
    >
      <ul className="inbox">
        {machines.map((machine) => (
          <li key={machine.id}>
            {may(machine) && (
              <input
                type="checkbox"
                aria-label={`Tick ${machine.title}`}
                checked={ticked.has(machine.id)}
                onChange={() => toggle(machine.id)}
              />
            )}
            <MachineItem
              machine={machine}
              environment={environments[machine.environmentId]}
              because={may(machine) ? null : 'not allowed'}
              work={work}
              findServers={findServers}
            />
          </li>
        ))}
      </ul>
    </Card>
  )
}
