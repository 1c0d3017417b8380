import { RegisterDb } from '@/components/discovery/register-db'
import { DriftCard, type SetBack } from '@/components/resource/machine/drift-card'
import { TieCard } from '@/components/resource/machine/tie-card'
import { offeredRegistration } from '@/db/discovery/db-instances'
import { machineRecord } from '@/db/discovery/machines'
import { typeOfClass } from '@/lib/domain/machines/classes'
import type { Difference, DriftField, RecordedMachine } from '@/lib/domain/machines/drift'
import { type CalledMachine, isOnlyPending, setBackByHand } from '@/lib/domain/machines/set-back'
import { findOptions } from '../../../actions'
import { mayNot } from './may-not'
import type { Loaded, ResourceParts } from './part'

const over = ['gone', 'terminated', 'shutting-down', 'deleting']

/** Only what one operation or one form does. */
const setBackOf = (
  { id, kind }: { id: string; kind: CalledMachine['kind'] },
  recorded: RecordedMachine | null,
  differences: readonly Difference[],
): Partial<Record<DriftField, SetBack>> => {
  if (recorded === null) return {}
  const ofInstance = (name: string, input: Record<string, string> = {}) =>
    `/instances/run/${name}?${new URLSearchParams({ of: 'machine', ids: id, ...input }).toString()}`
  const type = typeOfClass(recorded.pendingType ?? recorded.type)
  const [verb, label] = recorded.state === 'stopped' ? (['stop', 'Stop'] as const) : (['start', 'Start'] as const)
  return {
    ...(differences.some(isOnlyPending) ? {} : { type: { label: `Resize to ${type}`, href: ofInstance('resize', { type }) } }),
    state: { label, href: kind === 'ec2' ? `/machines/run/${verb}-machine?ids=${id}` : ofInstance(`rds-${verb}`) },
    server: { label: 'Edit the server', href: `/servers/${recorded.serverId}/edit` },
    addresses: { label: 'Edit the server', href: `/servers/${recorded.serverId}/edit` },
    gone: { label: 'Delete the server', href: `/servers/${recorded.serverId}/delete` },
  }
}

const Drift = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const { drift, driftedAt, recordedAt, recordedBy } = record.values
  if (drift !== 'drifted') return null
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  const differences = record.values.differences as unknown as Difference[]
  const kind = record.values.kind === 'rds' ? 'rds' : 'ec2'
  const { recorded, awsAccount } = await machineRecord(actor, record.id)
  const called = { kind, awsAccount, region: String(record.values.region), instanceId: String(record.values.instanceId) } as const
  return (
    <DriftCard
      id={record.id}
      differences={differences}
      since={text(driftedAt)}
      recordedAt={text(recordedAt)}
      recordedBy={text(recordedBy)}
      setBack={setBackOf({ id: record.id, kind }, recorded, differences)}
      byHand={Object.fromEntries(
        differences.flatMap((one) => {
          const way = setBackByHand(called, recorded, one)
          return way === null ? [] : [[one.field, way]]
        }),
      )}
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
