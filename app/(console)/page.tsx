import type { Metadata } from 'next'
import { FrontPage } from '@/components/fleet/front-page'
import { fleetFacts } from '@/db/fleet'
import { requireActor } from '@/lib/auth/actor'
import { mayAnywhere } from '@/lib/kernel/access'

export const metadata: Metadata = { title: 'Fleet' }

const Page = async ({ searchParams }: { searchParams: Promise<{ wall?: string | string[] }> }) => {
  const [actor, { wall }] = await Promise.all([requireActor(), searchParams])
  return <FrontPage initial={await fleetFacts(actor)} isWall={wall === '1'} mayAdd={mayAnywhere(actor, 'environment.add')} />
}

export default Page
