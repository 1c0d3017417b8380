import Link from 'next/link'
import { Sheet } from '@/components/ui/sheet'
import { State } from '@/components/ui/state'
import type { ManagedMember } from '@/lib/domain/managers/manager'
import { formatBytes } from '@/lib/domain/values/bytes'
import type { Tone } from '@/lib/kernel/resource/field'

export interface ManagedRow extends ManagedMember {
  /** The instance that it is here; null: it is not registered, or cannot be told. */
  instance: { id: string; title: string } | null
}

const columns = [
  { text: 'Member' },
  { text: 'Role' },
  { text: 'State' },
  { text: 'Lag', isNumber: true },
  { text: 'Timeline', isNumber: true },
  { text: 'Pending restart' },
  { text: 'Instance' },
  { text: 'Address' },
  { text: 'Tags' },
]

const isUp = (state: string): boolean => ['running', 'streaming', 'in archive recovery'].includes(state)
const toneOf = (state: string): Tone => (isUp(state) ? 'good' : /fail|crash/.test(state) ? 'bad' : 'warn')
const leads = (role: string): boolean => ['leader', 'standby_leader', 'master', 'primary'].includes(role)

/** The members of a cluster as its manager sees them. */
export const ManagedMembers = ({ members }: { members: readonly ManagedRow[] }) => (
  <Sheet label="Members as Patroni sees them" columns={columns}>
    {members.map((one) => (
      <tr key={one.name}>
        <th scope="row">{one.name}</th>
        <td>
          <State tone={leads(one.role) ? 'info' : 'neutral'}>{one.role.replaceAll('_', ' ')}</State>
        </td>
        <td>
          <State tone={toneOf(one.state)}>{one.state}</State>
        </td>
        <td className="n">{lagOf(one)}</td>
        <td className="n">{one.timeline ?? ''}</td>
        <td>{one.hasPendingRestart ? <State tone="warn">yes</State> : 'no'}</td>
        <td>
          {one.instance === null ? (
            <span className="text-ink-2">not registered</span>
          ) : (
            <Link href={`/instances/${one.instance.id}`} prefetch={false}>
              {one.instance.title}
            </Link>
          )}
        </td>
        <td>{one.host === null ? '' : `${one.host}:${one.port ?? 5432}`}</td>
        <td>
          {Object.entries(one.tags)
            .map(([name, value]) => `${name}: ${value}`)
            .join(', ')}
        </td>
      </tr>
    ))}
  </Sheet>
)

const lagOf = ({ role, lagBytes }: ManagedMember): string => (leads(role) ? '' : lagBytes === null ? 'not known' : formatBytes(lagBytes))
