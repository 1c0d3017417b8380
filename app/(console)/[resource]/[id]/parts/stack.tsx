import { Certificates, EtcdMembers, ProxyBackends } from '@/components/resource/stack/tables'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { LineDiff } from '@/components/ui/line-diff'
import { etcdHerds } from '@/db/fleet/etcd-proxies'
import { etcdSeen } from '@/lib/domain/managers/etcd'
import type { ProxySeen } from '@/lib/domain/managers/haproxy'
import { lineDiff } from '@/lib/domain/values/line-diff'
import { mayRun } from '@/lib/operations/may-run'
import type { Loaded, ResourceParts } from './part'

const deeds = [
  ['etcd-snapshot', 'Snapshot'],
  ['etcd-defragment', 'Defragment'],
  ['etcd-disarm', 'Disarm alarms'],
] as const

/** Its members and certificates as they were last seen; what is done to it is done through a herd that uses it. */
const Etcd = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const seen = etcdSeen(record.values.seen)
  const [herd] = await etcdHerds(actor, record.id)
  const alarms = Array.isArray(record.values.alarms) ? record.values.alarms.length : 0
  return (
    <>
      <Card
        title="Members"
        isFlush
        actions={
          herd !== undefined && (
            <span className="flex flex-wrap gap-2">
              {deeds
                .filter(([operation]) => mayRun(actor, operation, record.environmentId) && (operation !== 'etcd-disarm' || alarms > 0))
                .map(([operation, label]) => (
                  <LinkButton key={operation} isSmall href={`/dr-pairs/run/${operation}?ids=${herd.id}`}>
                    {label}
                  </LinkButton>
                ))}
            </span>
          )
        }
      >
        {seen === null || seen.members.length === 0 ? (
          <p className="body text-ink-2">It was never seen.</p>
        ) : (
          <EtcdMembers members={seen.members} />
        )}
      </Card>
      {seen !== null && seen.certificates.length > 0 && (
        <Card title="Certificates" isFlush>
          <Certificates certificates={seen.certificates} now={Date.now()} />
        </Card>
      )}
    </>
  )
}

const isProxy = (seen: unknown): seen is ProxySeen =>
  typeof seen === 'object' && seen !== null && 'parts' in seen && Array.isArray(seen.parts)

const Proxied = async ({ loaded: { record } }: { loaded: Loaded }) => {
  const { seen } = record.values
  return (
    <Card title="Backends" isFlush>
      {isProxy(seen) && seen.parts.length > 0 ? (
        <ProxyBackends parts={seen.parts} />
      ) : (
        <p className="body text-ink-2">Its runtime socket has told nothing yet.</p>
      )}
    </Card>
  )
}

/** What a build would change by the file alone; what somebody changed on the servers is in its plan. */
const Declared = ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const { file, builtFile } = record.values
  if (typeof file !== 'string' || typeof builtFile !== 'string' || file === builtFile) return null
  return (
    <Card
      title="Changed since it was built"
      actions={
        mayRun(actor, 'build-cluster', record.environmentId) && (
          <LinkButton isSmall href={`/stacks/run/build-cluster?ids=${record.id}`}>
            Build cluster
          </LinkButton>
        )
      }
    >
      <LineDiff lines={lineDiff(builtFile, file)} />
    </Card>
  )
}

export const stack: ResourceParts = { Above: Declared, shownAbove: ['builtFile'] }
export const etcdCluster: ResourceParts = { Above: Etcd, shownAbove: ['seen'] }
export const proxy: ResourceParts = { Above: Proxied, shownAbove: ['seen'] }
