import { Sheet } from '@/components/ui/sheet'
import { State } from '@/components/ui/state'
import type { CertificateSeen, EtcdMemberState } from '@/lib/domain/managers/etcd'
import { isServed, type ProxyPart } from '@/lib/domain/managers/haproxy'
import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'

const size = (bytes: number | null): string => (bytes === null ? 'not known' : formatBytes(bytes))

export const EtcdMembers = ({ members }: { members: readonly EtcdMemberState[] }) => (
  <Sheet
    label="Members of etcd"
    columns={[
      { text: 'Member' },
      { text: 'State' },
      { text: 'Role' },
      { text: 'Version' },
      { text: 'Database', isNumber: true },
      { text: 'In use', isNumber: true },
      { text: 'Clients ask at' },
    ]}
  >
    {members.map((one) => (
      <tr key={one.id}>
        <th scope="row">{one.name || one.id}</th>
        <td>{one.isUp ? <State tone="good">answers</State> : <State tone="bad">{one.because ?? 'does not answer'}</State>}</td>
        <td>
          {one.isUp ? (
            <State tone={one.isLeader ? 'info' : 'neutral'}>{one.isLearner ? 'learner' : one.isLeader ? 'leader' : 'follower'}</State>
          ) : (
            'not known'
          )}
        </td>
        <td>{one.version ?? 'not known'}</td>
        <td className="n">{size(one.databaseBytes)}</td>
        <td className="n">{size(one.usedBytes)}</td>
        <td>{one.urls.join(', ')}</td>
      </tr>
    ))}
  </Sheet>
)

const dayMs = 86_400_000

/** `now`: when this is drawn. */
export const Certificates = ({ certificates, now }: { certificates: readonly CertificateSeen[]; now: number }) => (
  <Sheet label="Certificates" columns={[{ text: 'Certificate' }, { text: 'Subject' }, { text: 'Ends' }, { text: 'In', isNumber: true }]}>
    {certificates.map((one) => {
      const days = Math.floor((Date.parse(one.until) - now) / dayMs)
      return (
        <tr key={one.use}>
          <th scope="row">{one.use}</th>
          <td>{one.subject ?? 'not known'}</td>
          <td>{one.until.slice(0, 10)}</td>
          <td className="n">
            {days < 0 ? <State tone="bad">ended</State> : days < 28 ? <State tone="warn">{days} days</State> : `${days} days`}
          </td>
        </tr>
      )
    })}
  </Sheet>
)

export const ProxyBackends = ({ parts }: { parts: readonly ProxyPart[] }) => (
  <Sheet
    label="Backends"
    columns={[
      { text: 'Backend' },
      { text: 'Listens on' },
      { text: 'Server' },
      { text: 'State' },
      { text: 'For', isNumber: true },
      { text: 'Last check' },
      { text: 'Sessions', isNumber: true },
      { text: 'Address' },
    ]}
  >
    {parts.flatMap((part) =>
      part.servers.map((one) => (
        <tr key={`${part.name} ${one.name}`}>
          <th scope="row">{part.name}</th>
          <td>{part.binds.join(', ') || 'not known'}</td>
          <td>{one.name}</td>
          <td>
            <State tone={isServed(one) ? 'good' : 'neutral'}>{one.status}</State>
          </td>
          <td className="n">{one.since === null ? '' : formatDuration(one.since)}</td>
          <td>{one.check ?? ''}</td>
          <td className="n">{one.sessions}</td>
          <td>{one.address ?? ''}</td>
        </tr>
      )),
    )}
  </Sheet>
)
