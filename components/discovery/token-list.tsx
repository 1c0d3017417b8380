'use client'

import Link from 'next/link'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Age } from '@/components/ui/zone'
import type { InboxToken } from '@/lib/shapes/inbox'
import type { InboxWork } from './work'

/** Known hosts for which somebody asked for a new token. Whoever holds an enrolment key can ask; only a person can tell whether it is the host. */
export const TokenList = ({ tokens, mayAccept, work }: { tokens: readonly InboxToken[]; mayAccept: boolean; work: InboxWork }) => (
  <Card title={`Hosts that enrolled again (${tokens.length})`} isFlush>
    <ul className="inbox">
      {tokens.map(({ id, hostname, environmentName, askedAt, from, isRevoked, seenAt }) => (
        <li key={id}>
          <div className="inbox-what">
            <p>
              <Link href={`/discovered-hosts/${id}`} prefetch={false}>
                <strong>{hostname}</strong>
              </Link>{' '}
              <span className="text-ink-2">{environmentName}</span>
            </p>
            <p className="text-ink-2">
              Asked for a new token <Age at={askedAt} />
              {from !== null && ` from ${from}`}.{' '}
              {isRevoked ? (
                'Its token was revoked.'
              ) : seenAt === null ? (
                'It never reported.'
              ) : (
                <>
                  Its last report under the present token came <Age at={seenAt} />.
                </>
              )}{' '}
              Accept only if the host was reinstalled or lost its token: whoever holds the new one speaks for the host.
            </p>
          </div>
          {mayAccept && (
            <div className="inbox-where">
              <Button disabled={work.isBusy} onClick={() => work.decideToken(id, 'refuse')}>
                Refuse
              </Button>
              <Button variant="primary" disabled={work.isBusy} onClick={() => work.decideToken(id, 'accept')}>
                Accept
              </Button>
            </div>
          )}
        </li>
      ))}
    </ul>
  </Card>
)
