import { CertificateActs } from '@/components/resource/stack/certificate-acts'
import { Certificates, EtcdMembers, ProxyBackends } from '@/components/resource/stack/tables'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { LineDiff } from '@/components/ui/line-diff'
import { State } from '@/components/ui/state'
import { Age } from '@/components/ui/zone'
import { etcdHerds } from '@/db/fleet/etcd-proxies'
import { stackLookOf } from '@/db/stacks/drift'
import { etcdSeen } from '@/lib/domain/managers/etcd'
import type { ProxySeen } from '@/lib/domain/managers/haproxy'
import { certificatesIn } from '@/lib/domain/stack/authorities'
import { certificateDaysLeft } from '@/lib/domain/stack/findings'
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

/** What the last look at its servers found, with what puts it right. */
const Drift = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  if (record.values.builtAt == null) return null
  const { look, isOn, herdId } = await stackLookOf(actor, record.id)
  const findings = look?.findings ?? []
  return (
    <Card
      title="On its servers"
      actions={
        <>
          {herdId !== null && (
            <LinkButton isSmall href={`/herds/${herdId}`}>
              Herd
            </LinkButton>
          )}
          {findings.length > 0 && mayRun(actor, 'build-cluster', record.environmentId) && (
            <LinkButton isSmall href={`/stacks/run/build-cluster?ids=${record.id}`}>
              Apply
            </LinkButton>
          )}
        </>
      }
    >
      <div className="grid gap-3">
        <p className="text-ink-2">
          {!isOn ? (
            'They are not compared with the declaration: Look for drift is off in the environment.'
          ) : look === null ? (
            'They will be compared with the declaration within minutes.'
          ) : (
            <>
              {look.seenAt === null ? (
                <State tone="neutral">not known</State>
              ) : findings.length === 0 ? (
                <State tone="good">as declared</State>
              ) : (
                <State tone="warn">not as declared</State>
              )}
              {look.seenAt !== null && (
                <>
                  , compared <Age at={look.seenAt} />
                </>
              )}
            </>
          )}
        </p>
        {isOn && look !== null && look.because !== null && (
          <p>
            The last comparison, <Age at={look.triedAt} />, did not see everything: {look.because}
          </p>
        )}
        {findings.map(({ kind, server, what, lines }) => (
          <div key={`${server} ${kind} ${what}`} className="grid min-w-0 gap-1">
            <h3 className="break-all">
              {server}: {what}
            </h3>
            <LineDiff lines={lines} />
          </div>
        ))}
      </div>
    </Card>
  )
}

const Stack = ({ loaded }: { loaded: Loaded }) => (
  <>
    <Declared loaded={loaded} />
    <Drift loaded={loaded} />
  </>
)

const dayMs = 86_400_000

/** What clients need of it. Of an authority that is replaced it holds both that are trusted meanwhile. */
const Certificate = ({ loaded: { record } }: { loaded: Loaded }) => {
  const { kind, certificate, fingerprint, validUntil } = record.values
  const pem = String(certificate)
  const days = Math.floor((Date.parse(String(validUntil)) - Date.now()) / dayMs)
  const held = certificatesIn(pem).length
  return (
    <Card
      title="Certificate"
      actions={
        <CertificateActs
          pem={pem}
          fingerprint={String(fingerprint)}
          fileName={`${record.title.replace(/[^\w.-]+/g, '-').toLowerCase()}.pem`}
        />
      }
    >
      <div className="grid gap-2">
        <p>
          {days < 0 ? (
            <State tone="bad">ended</State>
          ) : (
            <State tone={days < certificateDaysLeft ? 'warn' : 'good'}>ends in {days} days</State>
          )}
        </p>
        <p className="font-mono text-sm break-all">SHA-256 {String(fingerprint)}</p>
        {kind === 'authority' && (
          <p className="text-ink-2">
            Give it to clients as sslrootcert, and let them connect with sslmode=verify-full. It holds no key.
            {held > 1 &&
              ` It holds ${held} authorities, the one that signs first: clients that trust both connect throughout its replacement.`}
          </p>
        )}
      </div>
    </Card>
  )
}

export const stack: ResourceParts = { Above: Stack, shownAbove: ['builtFile'] }
export const authority: ResourceParts = { Above: Certificate, shownAbove: ['fingerprint'] }
export const etcdCluster: ResourceParts = { Above: Etcd, shownAbove: ['seen'] }
export const proxy: ResourceParts = { Above: Proxied, shownAbove: ['seen'] }
