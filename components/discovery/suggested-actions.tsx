import { Button } from '@/components/ui/button'
import type { InboxWork } from './work'

const nothingTicked = 'Tick some first.'

/** Buttons over a list whose items may come with a suggestion. Nothing is accepted while one of the ticked has no place to go. */
export const SuggestedActions = <T extends { id: string }>({
  suggested,
  selected,
  isReady,
  work,
  onTick,
  onAccept,
}: {
  suggested: readonly T[]
  selected: readonly T[]
  isReady: (item: T) => boolean
  work: InboxWork
  onTick: (ids: ReadonlySet<string>) => void
  onAccept: (items: readonly T[]) => void
}) => (
  <>
    {suggested.length > 0 && (
      <Button isSmall onClick={() => onTick(new Set(suggested.map(({ id }) => id)))}>
        Tick the {suggested.length} with a suggestion
      </Button>
    )}
    <Button
      isSmall
      disabled={work.isBusy || selected.length === 0}
      title={selected.length === 0 ? nothingTicked : undefined}
      onClick={() => work.ignore(selected.map(({ id }) => id))}
    >
      Ignore {selected.length > 0 && selected.length}
    </Button>
    <Button
      isSmall
      variant="primary"
      disabled={work.isBusy || selected.length === 0 || !selected.every(isReady)}
      title={selected.length === 0 ? nothingTicked : selected.every(isReady) ? undefined : 'Choose the herd of each that is ticked first.'}
      onClick={() => onAccept(selected)}
    >
      Accept {selected.length > 0 && selected.length}
    </Button>
  </>
)
