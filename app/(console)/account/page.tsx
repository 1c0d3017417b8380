import { redirect } from 'next/navigation'
import { requireActor } from '@/lib/auth/actor'

/** One's own access, logins and tokens. */
const Page = async () => redirect(`/people/${(await requireActor()).personId}/access`)

export default Page
