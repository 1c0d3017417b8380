import { Button, LinkButton } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/note'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'

/** Nothing to list: because nothing matches, or because there is nothing yet. */
export const NoRows = ({
  resource,
  isFiltered,
  mayAdd,
  onClear,
}: {
  resource: ResourceDescription
  isFiltered: boolean
  mayAdd: boolean
  onClear: () => void
}) =>
  isFiltered ? (
    <EmptyState title={`No ${resource.noun[1]} match`} actions={<Button onClick={onClear}>Clear search and filters</Button>}>
      Remove a filter above, or check the spelling of the search.
    </EmptyState>
  ) : (
    <EmptyState
      title={`There are no ${resource.noun[1]} yet`}
      actions={
        mayAdd && (
          <LinkButton variant="primary" href={`/${resource.path}/add`}>
            Add {/^[aeiou]/.test(resource.noun[0]) ? 'an' : 'a'} {resource.noun[0]}
          </LinkButton>
        )
      }
    >
      {resource.help[0]}
    </EmptyState>
  )
