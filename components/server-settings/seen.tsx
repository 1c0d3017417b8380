import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { Age } from '@/components/ui/zone'

/** When settings were seen last, and the way to see them now. */
export const SeenLine = ({ seenAt, isLooking, onLook }: { seenAt: string | null; isLooking: boolean; onLook: () => void }) => (
  <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
    <span role="status">
      {isLooking ? (
        'A worker looks…'
      ) : seenAt === null ? (
        'Never seen: a worker looks once the server is online.'
      ) : (
        <>
          Seen <Age at={seenAt} />. A worker looks every ten minutes, and after each start or reload.
        </>
      )}
    </span>
    <Button isSmall disabled={isLooking} onClick={onLook}>
      Look now
    </Button>
  </p>
)

/** Why the console, or a worker, could not look. */
export const NotSeen = ({ because, unseen }: { because: string | null; unseen: readonly { title: string; because: string | null }[] }) => (
  <>
    {because !== null && <Note tone="bad" title={because} isAlert />}
    {unseen
      .filter((one) => one.because !== null)
      .map((one) => (
        <Note key={one.title} tone="warn" title={`The settings of ${one.title} cannot be read now`}>
          {one.because} What is shown was seen before.
        </Note>
      ))}
  </>
)
