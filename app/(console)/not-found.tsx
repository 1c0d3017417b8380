import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/note'

const NotFound = () => (
  <>
    <PageHeader crumbs={[]} title="Not found" />
    <EmptyState title="There is no such page" actions={<LinkButton href="/">To the fleet</LinkButton>}>
      The address may be mistyped, or the object is gone or in an environment you may not see. Ctrl K finds what is there.
    </EmptyState>
  </>
)

export default NotFound
