'use client'

import './discovery.css'
import { useRouter } from 'next/navigation'
import { useEffect, useState } from 'react'
import { callApi } from '@/components/run/call-api'
import { useLive } from '@/components/run/use-live'
import { Note } from '@/components/ui/note'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import type { InboxHost, InboxInstance, InboxMachine, InboxPooler, InboxToken } from '@/lib/shapes/inbox'
import type { ReferenceOption } from '@/lib/shapes/list'
import type { Outcome } from '@/lib/shapes/outcome'
import { streams } from '@/lib/shapes/streams'
import { writes } from '@/lib/shapes/writes'
import { HostList } from './host-list'
import { InstanceList } from './instance-list'
import { MachineList } from './machine-list'
import { PoolerList } from './pooler-list'
import { TokenList } from './token-list'
import { useFound } from './use-found'
import { type InboxWork, listNames } from './work'

/** What agents and the console found and nobody has registered. Nothing here is believed until a person, or a rule, accepts it. */
export const Inbox = ({
  tokens,
  hosts,
  instances,
  poolers,
  machines,
  environments,
  mayAccept,
  findOptions,
}: {
  tokens: readonly InboxToken[]
  hosts: readonly InboxHost[]
  instances: readonly InboxInstance[]
  poolers: readonly InboxPooler[]
  machines: {
    machines: readonly InboxMachine[]
    total: number
    environments: Readonly<Record<string, BadgedEnvironment>>
    mayChange: readonly string[]
  }
  /** Where this person may register servers. */
  environments: readonly BadgedEnvironment[]
  mayAccept: boolean
  findOptions: (resource: string, field: string, search: string, environmentId: string | null) => Promise<Outcome<ReferenceOption[]>>
}) => {
  const router = useRouter()
  const find = useFound(findOptions)
  const [isBusy, setBusy] = useState(false)
  const [refusals, setRefusals] = useState<Record<string, string>>({})
  const [said, setSaid] = useState<{ tone: 'good' | 'bad'; text: string } | null>(null)
  const live = useLive(streams.changes, {
    records: (changed) => {
      if (changed.some((name) => name === '*' || name === 'machine' || name.startsWith('discover'))) router.refresh()
    },
  })
  // What came between the making of this page and the stream, or while it was broken, was told to nobody.
  useEffect(() => {
    if (live === 'live') router.refresh()
  }, [live, router])

  const run = async <T,>(call: Promise<Outcome<T>>, done: (value: T) => void) => {
    setBusy(true)
    setSaid(null)
    const outcome = await call
    if (outcome.ok) done(outcome.value)
    else setSaid({ tone: 'bad', text: [outcome.message, ...outcome.fields.map((field) => field.message)].join(' ') })
    setBusy(false)
    router.refresh()
  }
  const work: InboxWork = {
    isBusy,
    refusals,
    accept: (path, items) =>
      run(callApi(writes.accept(path, { [listNames[path]]: items })), ({ accepted, refused }) => {
        setRefusals(Object.fromEntries(refused.map((one) => [one.id, one.because])))
        setSaid({
          tone: refused.length > 0 ? 'bad' : 'good',
          text: `${accepted.length} accepted${refused.length > 0 ? `, ${refused.length} not: see the reason on each` : ''}.`,
        })
      }),
    ignore: (ids) =>
      run(callApi(writes.ignore(ids)), ({ changed }) =>
        setSaid({ tone: 'good', text: `${changed} ignored. They keep reporting and stay findable in the lists below.` }),
      ),
    tie: (machineId, serverId) =>
      run(callApi(writes.tieMachine(machineId, serverId)), () => setSaid({ tone: 'good', text: 'Tied: the machine is that server.' })),
    ignoreMachines: (ids) =>
      run(callApi(writes.ignoreMachines(ids, true)), ({ changed }) =>
        setSaid({ tone: 'good', text: `${changed} ignored. They stay in the list of machines.` }),
      ),
    decideToken: (id, decision) =>
      run(callApi(writes.hostToken(id, decision)), () =>
        setSaid({
          tone: 'good',
          text: decision === 'accept' ? 'Accepted: the host reports with its new token.' : 'Refused: the former token stays valid.',
        }),
      ),
  }

  return (
    <>
      <div role="status">{said && <Note tone={said.tone} title={said.text} />}</div>
      {tokens.length > 0 && <TokenList tokens={tokens} mayAccept={mayAccept} work={work} />}
      <HostList hosts={hosts} environments={environments} mayAccept={mayAccept} work={work} />
      <InstanceList instances={instances} mayAccept={mayAccept} work={work} findHerds={find} />
      <MachineList
        machines={machines.machines}
        total={machines.total}
        environments={machines.environments}
        mayChange={machines.mayChange}
        work={work}
        findServers={find}
      />
      <PoolerList poolers={poolers} mayAccept={mayAccept} work={work} findHerds={find} />
    </>
  )
}
