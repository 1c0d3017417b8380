'use client'

import { PageHeader } from '@/components/shell/page-header'
import { Button, LinkButton } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/note'

/** A surprise on one page: the frame stays, so everything else still works. */
const ConsoleError = ({ error, retry }: { error: Error & { digest?: string }; retry: () => void }) => (
  <>
    <PageHeader crumbs={[]} title="Something went wrong" />
    <EmptyState
      title="This page could not be shown"
      actions={
        <>
          <Button variant="primary" onClick={retry}>
            Try again
          </Button>
          <LinkButton href="/">To the fleet</LinkButton>
        </>
      }
    >
      Nothing was changed. If it happens again, see the log of the web process
      {error.digest ? (
        <>
          {' '}
          under <code>{error.digest}</code>
        </>
      ) : null}
      .
    </EmptyState>
  </>
)

export default ConsoleError
