import type { Metadata } from 'next'
import { FrontPage } from '@/components/fleet/front-page'
import { fleetFacts } from '@/db/fleet/front-page'
import { requireActor } from '@/lib/auth/actor'
import { mayAnywhere, mayIn } from '@/lib/kernel/access/access'
import { pathOf } from '@/lib/resources'
import { acknowledgeProblem, showProblemAgain } from './actions'

export const metadata: Metadata = { title: 'Fleet' }

const Page = async ({ searchParams }: { searchParams: Promise<{ wall?: string | string[] }> }) => {
  const [actor, { wall }] = await Promise.all([requireActor(), searchParams])
  const facts = await fleetFacts(actor)
  const herdsMayBeAddedIn = facts.environments.flatMap(({ id }) => (mayIn(actor, 'herd.add', id) ? [id] : []))
  const mayAcknowledge = {
    environmentIds: facts.environments.flatMap(({ id }) => (mayIn(actor, 'fleet.acknowledge', id) ? [id] : [])),
    ofConsole: mayIn(actor, 'fleet.acknowledge', null),
  }
  return (
    <FrontPage
      initial={facts}
      isWall={wall === '1'}
      mayAdd={mayAnywhere(actor, 'environment.add')}
      herdsMayBeAddedIn={herdsMayBeAddedIn}
      mayAcknowledge={mayAcknowledge}
      pathOf={pathOf}
      actions={{ acknowledge: acknowledgeProblem, showAgain: showProblemAgain }}
    />
  )
}

export default Page
