import type { Metadata } from 'next'
import { EndList } from '@/components/people/end-list'
import { AccessMatrix } from '@/components/people/matrix'
import { ResetFactors } from '@/components/people/reset-factors'
import { SecondFactors } from '@/components/people/second-factors'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { Age, Moment } from '@/components/ui/zone'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { personAccess } from '@/db/people/access-view'
import { listFactors } from '@/db/people/factors'
import { listSessions } from '@/db/people/sessions'
import { mustAddFactor, requireActor } from '@/lib/auth/actor'
import { takesPasskeys } from '@/lib/auth/passkeys'
import { env } from '@/lib/env'
import { mayIn } from '@/lib/kernel/access/access'
import { permissionGroups } from '@/lib/kernel/access/access-matrix'
import { isFault } from '@/lib/kernel/ground/errors'
import { runPermissions } from '@/lib/kernel/operation/run-permission'
import { operations } from '@/lib/operations'
import { sayBrowser } from '@/lib/presentation/browser'
import { resources } from '@/lib/resources'
import {
  addAuthenticator,
  addPasskey,
  confirmFactor,
  confirmNewPasskey,
  newRecoveryCodes,
  removeSecondFactor,
  renameSecondFactor,
  resetSecondFactors,
} from '../../../actions'
import { NotedFault } from '../../../noted-fault'

const sourceWords = { directory: 'directory', oidc: 'identity provider' } as const

export const metadata: Metadata = { title: 'Permissions' }

const groups = permissionGroups(
  resources.map((resource) => ({ ...resource, isEditable: resource.form.length > 0 })),
  operations.map((operation) => ({ on: operation.on, title: operation.title, permissions: runPermissions(operation) })),
)

const AccessPage = async ({ params }: { params: Promise<{ id: string }> }) => {
  const [{ id }, actor] = await Promise.all([params, requireActor()])
  const seesPeople = mayIn(actor, 'person.view', null)
  const crumbs = seesPeople
    ? [
        { href: '/', label: 'Fleet' },
        { href: '/people', label: 'People' },
        { href: `/people/${id}`, label: 'Person' },
      ]
    : [{ href: '/', label: 'Fleet' }]
  try {
    const { SESSION_HOURS: hours, SESSION_IDLE_MINUTES: idleMinutes } = env()
    const [person, badged, { factors, codesLeft }, sessions] = await Promise.all([
      personAccess(actor, id),
      badgedEnvironments(actor),
      listFactors(actor, id),
      listSessions(actor, { hours, idleMinutes, personId: id }),
    ])
    const isOwn = actor.personId === id
    const mustAdd = isOwn && (await mustAddFactor())
    const secondFactors = (
      <Card title="Second factors" isFlush>
        {isOwn ? (
          <SecondFactors
            factors={factors.map((one) => ({
              ...one,
              createdAt: one.createdAt.toISOString(),
              lastUsedAt: one.lastUsedAt?.toISOString() ?? null,
            }))}
            codesLeft={codesLeft}
            takesPasskeys={takesPasskeys()}
            actions={{
              add: addAuthenticator,
              confirm: confirmFactor,
              addPasskey,
              confirmPasskey: confirmNewPasskey,
              rename: renameSecondFactor,
              remove: removeSecondFactor,
              newCodes: newRecoveryCodes,
            }}
          />
        ) : (
          <ResetFactors id={id} userName={person.userName} count={factors.length} reset={resetSecondFactors} />
        )}
      </Card>
    )
    return (
      <>
        <PageHeader
          crumbs={crumbs}
          title={isOwn ? 'Your permissions' : `Permissions of ${person.userName}`}
          subtitle={person.fullName}
          actions={isOwn && <LinkButton href="/tokens/add">Create a token</LinkButton>}
        />
        <div className="page-body">
          {mustAdd && (
            <>
              <Note tone="warn" title="This console requires a second factor of you. Until you add one you can do nothing else." />
              {secondFactors}
            </>
          )}
          {person.isDisabled && (
            <Note tone="bad" title="This account is disabled: these permissions do not apply, and its sessions and tokens have ended." />
          )}
          {person.isAbsent && (
            <Note
              tone="bad"
              title="The directory or the identity provider no longer lets this account in: these permissions do not apply, and its sessions have ended."
            />
          )}
          <p>
            {person.source !== 'local'
              ? person.groups.length > 0
                ? `From the ${sourceWords[person.source]}; groups at the last check: ${person.groups.join(', ')}.`
                : `From the ${sourceWords[person.source]}, in no group at the last check.`
              : 'A local account: permissions come from grants to this person only.'}{' '}
            Each role below links to the grant behind it.
          </p>
          <Card title="Permissions" isFlush>
            <AccessMatrix grants={person.grants} groups={groups} environments={Object.values(badged)} />
          </Card>
          {!mustAdd && secondFactors}
          <Card title="Logins" isFlush>
            <EndList
              path="sessions"
              verb="End this login"
              empty="No active sessions."
              rows={sessions.map((session) => ({
                id: session.id,
                title: session.from ?? 'unknown address',
                isThis: session.id === actor.sessionId,
                detail: (
                  <>
                    {sayBrowser(session.userAgent)}, seen <Age at={session.seenAt.toISOString()} />, ends{' '}
                    <Moment at={session.expiresAt.toISOString()} />
                  </>
                ),
              }))}
            />
          </Card>
          <Card title="API tokens" isFlush>
            <EndList
              path="tokens"
              verb="Revoke"
              empty="No valid tokens."
              rows={person.tokens.map((token) => ({
                id: token.id,
                title: token.name,
                detail: (
                  <>
                    {token.role}{' '}
                    {token.environmentId === null
                      ? 'wherever its owner may'
                      : `in ${badged[token.environmentId]?.name ?? 'one environment'}`}
                    , <code>mat_{token.prefix}_…</code>,{' '}
                    {token.lastUsedAt ? (
                      <>
                        used <Age at={token.lastUsedAt} />
                      </>
                    ) : (
                      'never used'
                    )}
                    {token.expiresAt && (
                      <>
                        , expires <Moment at={token.expiresAt} />
                      </>
                    )}
                  </>
                ),
              }))}
            />
          </Card>
        </div>
      </>
    )
  } catch (error) {
    if (!isFault(error) || error.code === 'internal.bug') throw error
    return <NotedFault fault={error} crumbs={crumbs} />
  }
}

export default AccessPage
