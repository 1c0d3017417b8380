import { everyTrouble } from '@/db/fleet/front-page'
import { noteTroubles, unprovenMoves } from '@/db/notifications/incidents'
import { presentTroubles } from '@/lib/presentation/problems/troubles'
import { pathOf } from '@/lib/resources'

/** What is wrong now, as the front page judges it, is written down with the messages that it takes. */
export const watchTroubles = async (): Promise<void> => {
  await noteTroubles(async () => {
    const [facts, moves] = await Promise.all([everyTrouble(), unprovenMoves()])
    return { troubles: [...presentTroubles(facts, pathOf), ...moves], acknowledged: facts.acknowledged }
  })
}
