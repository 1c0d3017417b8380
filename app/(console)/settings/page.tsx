import type { Metadata } from 'next'
import Link from 'next/link'
import { AuditVerify } from '@/components/settings/audit-verify'
import { DirectoryTest } from '@/components/settings/directory-test'
import { Leases } from '@/components/settings/leases'
import { ProviderTest } from '@/components/settings/provider-test'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'
import { EnvironmentBadge } from '@/components/ui/environment'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { Age } from '@/components/ui/zone'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { certificatePublicKey } from '@/db/keys/certificate-key'
import { settingsView } from '@/db/people/settings-view'
import { requireActor } from '@/lib/auth/actor'
import { authorizedLine } from '@/lib/domain/values/authorized-key'
import { env } from '@/lib/env'
import { keyIdOf } from '@/lib/kernel/ground/certificate'
import { isFault } from '@/lib/kernel/ground/errors'
import { releaseLock, testDirectory, testProvider, verifyAuditLog } from '../actions'
import { NotedFault } from '../noted-fault'
import { configuration } from './configuration'

export const metadata: Metadata = { title: 'Settings' }

const crumbs = [{ href: '/', label: 'Fleet' }]
const row = 'flex flex-wrap items-baseline gap-x-4 gap-y-1 border-t border-line px-3.5 py-2 first:border-t-0'

const SettingsPage = async () => {
  const actor = await requireActor()
  try {
    const [view, badged, certificateKey] = await Promise.all([settingsView(actor), badgedEnvironments(actor), certificatePublicKey()])
    const badge = (environmentId: string | null) =>
      environmentId === null ? (
        <span className="tag">every environment</span>
      ) : (
        badged[environmentId] && <EnvironmentBadge environment={badged[environmentId]} />
      )
    return (
      <>
        <PageHeader crumbs={crumbs} title="Settings" />
        <div className="page-body">
          <Card title="Workers" isFlush>
            {view.workers.length === 0 && (
              <div className="p-3.5">
                <Note tone="bad" title="No worker in the last 24 hours">
                  Workers make plans, drive runs and observe the fleet. Start one beside the metadata database: <code>npm run worker</code>
                </Note>
              </div>
            )}
            <ul>
              {view.workers.map((worker) => (
                <li key={worker.id} className={row}>
                  <State tone={worker.isSeen ? 'good' : 'bad'}>{worker.isSeen ? 'running' : 'gone'}</State>
                  <strong>
                    {worker.host}, process {worker.pid}
                  </strong>
                  <span className="text-ink-2">
                    {worker.jobs} {worker.jobs === 1 ? 'job' : 'jobs'} now, started <Age at={worker.startedAt} />, seen{' '}
                    <Age at={worker.seenAt} />
                  </span>
                </li>
              ))}
            </ul>
          </Card>
          <Card title="Locks" isFlush>
            <Leases leases={view.leases} release={releaseLock} />
          </Card>
          <Card title="Directory">
            {env().LDAP_URL ? (
              <DirectoryTest test={testDirectory} />
            ) : (
              <p>
                No directory is configured, so only local accounts sign in. Set <code>LDAP_URL</code> and <code>LDAP_BASE_DN</code> and
                restart the web process.
              </p>
            )}
          </Card>
          <Card title="Identity provider">
            {env().OIDC_ISSUER ? (
              <div className="grid gap-3">
                <p className="[overflow-wrap:anywhere]">
                  People sign in with {env().OIDC_NAME} (<code>{env().OIDC_ISSUER}</code>). Register there: redirect address{' '}
                  <code>{new URL('/api/auth/oidc/callback', env().MATRIARCH_URL).href}</code>, back-channel logout{' '}
                  <code>{new URL('/api/auth/oidc/backchannel', env().MATRIARCH_URL).href}</code>.
                </p>
                <ProviderTest test={testProvider} />
              </div>
            ) : (
              <p>
                No identity provider is configured. For OpenID Connect set <code>OIDC_ISSUER</code>, <code>OIDC_CLIENT_ID</code> and{' '}
                <code>OIDC_CLIENT_SECRET</code>, and restart the web process.
              </p>
            )}
          </Card>
          <Card
            title="Groups and their roles"
            isFlush
            actions={
              <LinkButton href="/grants/add" isSmall>
                Grant a role to a group
              </LinkButton>
            }
          >
            {view.groupGrants.length === 0 ? (
              <p className="p-3.5 text-ink-2">
                No group has a role yet, so people from the directory or the identity provider can sign in but see nothing.
              </p>
            ) : (
              <ul>
                {view.groupGrants.map((grant) => (
                  <li key={grant.id} className={row}>
                    <code>{grant.groupName}</code>
                    <Link href={`/grants/${grant.id}`} prefetch={false}>
                      {grant.role}
                    </Link>
                    {badge(grant.environmentId)}
                  </li>
                ))}
              </ul>
            )}
          </Card>
          <Card title="The console’s public SSH keys" isFlush>
            {view.keys.length === 0 ? (
              <p className="p-3.5 text-ink-2">There is no key yet: a worker with VAULT_KEY creates one for each environment.</p>
            ) : (
              <ul>
                {view.keys.map((key) => (
                  <li key={`${key.environmentId} ${key.state}`} className={row}>
                    {badge(key.environmentId)}
                    {key.state === 'next' && <span className="text-ink-2">new, not in use yet</span>}
                    <code className="min-w-0 flex-1 [overflow-wrap:anywhere]">{authorizedLine(key.publicKey, env().WORKER_ADDRESSES)}</code>
                    <CopyButton text={authorizedLine(key.publicKey, env().WORKER_ADDRESSES)} label="Copy the line" />
                  </li>
                ))}
              </ul>
            )}
          </Card>
          <Card title="Signing key of certificates and audit checkpoints" isFlush>
            {certificateKey === null ? (
              <p className="p-3.5 text-ink-2">No key yet: a worker creates it within a minute of its start.</p>
            ) : (
              <ul>
                <li className={row}>
                  <code className="min-w-0 flex-1 [overflow-wrap:anywhere]">{keyIdOf(certificateKey)}</code>
                  <CopyButton text={keyIdOf(certificateKey)} label="Copy" />
                </li>
                <li className={row}>
                  <code className="min-w-0 flex-1 whitespace-pre-wrap [overflow-wrap:anywhere]">{certificateKey}</code>
                  <CopyButton text={certificateKey} label="Copy" />
                </li>
              </ul>
            )}
          </Card>
          <Card
            title="Audit log"
            actions={
              <LinkButton href="/audit/verify" isSmall>
                Checkpoints
              </LinkButton>
            }
          >
            <AuditVerify verify={verifyAuditLog} />
          </Card>
          <Card title="Configuration of this web process" isFlush>
            {view.loginFault && (
              <div className="p-3.5">
                <Note tone="warn" title="Login of the console’s own database">
                  {view.loginFault}
                </Note>
              </div>
            )}
            <ul>
              {configuration().map((value) => (
                <li
                  key={value.name}
                  className="grid gap-x-4 gap-y-1 border-t border-line px-3.5 py-2 first:border-t-0 lg:grid-cols-[13rem_minmax(0,2fr)_minmax(0,3fr)]"
                >
                  <code>{value.name}</code>
                  <span className="font-semibold [overflow-wrap:anywhere]">{value.shown}</span>
                  <span className="text-ink-2">
                    {value.meaning} {value.isDefault && value.shown !== 'not set' && '(default)'}
                  </span>
                </li>
              ))}
            </ul>
          </Card>
        </div>
      </>
    )
  } catch (error) {
    if (!isFault(error) || error.code === 'internal.bug') throw error
    return <NotedFault fault={error} crumbs={crumbs} />
  }
}

export default SettingsPage
