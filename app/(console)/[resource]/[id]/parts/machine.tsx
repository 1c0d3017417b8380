import { RegisterDb } from '@/components/discovery/register-db'
import { DriftCard, type SetBack } from '@/components/resource/machine/drift-card'
import { TieCard } from '@/components/resource/machine/tie-card'
import { offeredRegistration } from '@/db/discovery/db-instances'
import { machineRecord } from '@/db/discovery/machines'
import type { Difference, DriftField, RecordedMachine } from '@/lib/domain/machines/drift'
import { findOptions } from '../../../actions'
import { mayNot } from './may-not'
import type { Loaded, ResourceParts } from './part'

const over = ['gone', 'terminated', 'shutting-down', 'deleting']

/** Only what one operation or one form does. */
const setBackOf = (id: string, kind: string, recorded: RecordedMachine | null): Partial<Record<DriftField, SetBack>> => {
  if (recorded === null) return {}
  const type = recorded.type.replace(/^db\./, '')
  const verb = recorded.state === 'stopped' ? 'stop' : 'start'
  const power =
    kind === 'rds'
      ? `/instances/run/rds-${verb}?${new URLSearchParams({ of: 'machine', ids: id }).toString()}`
      : `/machines/run/${verb}-machine?ids=${id}`
  return {
    type: { label: `Resize to ${type}`, href: `/instances/run/resize?${new URLSearchParams({ of: 'machine', ids: id, type }).toString()}` },
    state: { label: verb === 'stop' ? 'Stop' : 'Start', href: power },
    server: { label: 'Edit the server', href: `/servers/${recorded.serverId}/edit` },
    addresses: { label: 'Edit the server', href: `/servers/${recorded.serverId}/edit` },
    gone: { label: 'Delete the server', href: `/servers/${recorded.serverId}/delete` },
  }
}

const Drift = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const { drift, differences, driftedAt, recordedAt, recordedBy, kind, region, instanceId } = record.values
  if (drift !== 'drifted') return null
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  return (
    <DriftCard
      id={record.id}
      differences={differences as unknown as Difference[]}
      since={text(driftedAt)}
      recordedAt={text(recordedAt)}
      recordedBy={text(recordedBy)}
      setBack={setBackOf(record.id, String(kind), await machineRecord(actor, record.id))}
      place={{ kind: kind === 'rds' ? 'rds' : 'ec2', region: String(region), instanceId: String(instanceId) }}
      because={mayNot(actor, 'machine.change', record.environmentId)}
    />
  )
}

const Tie = ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const { tie, state, kind, handServerId, isIgnored, privateAddress, publicAddress } = record.values
  const isTied = handServerId !== null
  if (record.environmentId === null || over.includes(String(state)) || (tie === 'tied' && !isTied)) return null
  const says = isTied
    ? 'A person tied it to its server, whatever its addresses. Untied, its addresses say which server it is.'
    : tie === 'ambiguous'
      ? 'Several registered servers have its addresses. Tie it to the one that it is.'
      : 'No registered server has its addresses. Tie it to the one that it is, register its host, or ignore it.'
  const values = {
    hostname: record.title,
    address: String(privateAddress ?? publicAddress ?? ''),
    environmentId: record.environmentId,
  }
  return (
    <TieCard
      {...{ id: record.id, title: record.title, environmentId: record.environmentId, says, isTied, isIgnored: isIgnored === true }}
      registerAt={kind === 'ec2' && tie === 'untied' ? `/servers/add?${new URLSearchParams(values).toString()}` : null}
      because={mayNot(actor, 'machine.change', record.environmentId)}
      findOptions={findOptions}
    />
  )
}

const Register = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const { id, title, environmentId } = record
  const offered = await offeredRegistration(actor, id)
  if (offered === null) return null
  const because = mayNot(actor, 'server.add', environmentId) ?? mayNot(actor, 'instance.add', environmentId)
  return <RegisterDb id={id} title={title} address={offered.address} suggestedHerd={offered.herd} because={because} />
}

export const machine: ResourceParts = {
  Above: ({ loaded }) => (
    <>
      <Drift loaded={loaded} />
      <Tie loaded={loaded} />
      <Register loaded={loaded} />
    </>
  ),
  shownAbove: ['differences'],
}
