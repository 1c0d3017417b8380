import type { Metadata } from 'next'
import { FrontPage } from '@/components/fleet/front-page'
import { fleetFacts } from '@/db/fleet'
import { requireActor } from '@/lib/auth/actor'
import { mayAnywhere, mayIn } from '@/lib/kernel/access'

export const metadata: Metadata = { title: 'Fleet' }

const Page = async ({ searchParams }: { searchParams: Promise<{ wall?: string | string[] }> }) => {
  const [actor, { wall }] = await Promise.all([requireActor(), searchParams])
  const facts = await fleetFacts(actor)
  const herdsMayBeAddedIn = facts.environments.flatMap(({ id }) => (mayIn(actor, 'herd.add', id) ? [id] : []))
  return (
    <FrontPage initial={facts} isWall={wall === '1'} mayAdd={mayAnywhere(actor, 'environment.add')} herdsMayBeAddedIn={herdsMayBeAddedIn} />
  )
}

export default Page
