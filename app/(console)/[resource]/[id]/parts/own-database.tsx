import { Note } from '@/components/ui/note'
import { ownMembers } from '@/db/fleet/own-cluster'

/** Says that the console's own database is here, before somebody asks for what is then refused. For a page that has already shown that it may be seen. */
export const OwnDatabase = async ({ id }: { id: string }) => {
  const [first] = await ownMembers(id)
  if (first === undefined) return null
  return first.role === 'standby' ? (
    <Note title="Standby of this console’s database">The console continues while {first.title} is down, with one standby less.</Note>
  ) : (
    <Note title="Holds this console’s database">
      No operation stops, restarts or replaces {first.title}. Do that by hand, in a shell on its host, or from another console.
    </Note>
  )
}
