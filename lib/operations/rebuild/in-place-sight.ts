import { isTooSmall, type SpaceNeed, spaceNeedsInPlace, spaceText } from '@/lib/domain/copies/copy-space'
import type { Choice } from '@/lib/domain/copies/rebuild-strategy'
import type { CallOptions, InPlaceAnswer, ReadPorts } from '@/lib/ports'
import type { Place, Plain } from '../facts/instance'
import { orNull } from '../facts/or-null'
import { newWorkKey } from '../steps/host-work'
import type { CopyFacts } from './copy-facts'

/** What rsync would meet in the data directory. */
export type InPlaceSight = {
  may: Plain<InPlaceAnswer>
  /** The mark of the directory: that of one that was broken off, or a new one. */
  key: string
  /** With what is in the place of it now; null: not measured. */
  needs: SpaceNeed[] | null
}

interface Wish {
  planned: Choice
  /** Nobody chose how. */
  isFree: boolean
  /** It has a data directory to work in. */
  isThere: boolean
  copied: CopyFacts
}

/** The way where a copy was planned and has no room; also what it would meet where it is chosen already. null: nobody asked. */
export const orInPlace = async (
  ports: ReadPorts,
  target: Place,
  upstream: Place | null,
  { planned, isFree, isThere, copied }: Wish,
  options: CallOptions,
): Promise<{ choice: Choice; inPlace: InPlaceSight | null }> => {
  const { sight, upstreamPlaces } = copied
  const noRoom = planned.strategy === 'copy' && isFree && isThere && sight?.copy.stage === 'none' ? whyNoRoom(copied) : null
  if (upstream === null || sight === null || (planned.strategy !== 'in-place' && noRoom === null)) return { choice: planned, inPlace: null }
  const [answer, own] = await Promise.all([
    orNull(ports.copies.tryInPlace(target.address, upstream.address, options), options.signal),
    orNull(ports.copies.look(target.address, { ...options, withSizes: true }), options.signal),
  ])
  const may = answer ?? { works: false as const, because: 'whether rsync is on both hosts could not be seen' }
  const inPlace: InPlaceSight = {
    may,
    key: sight.copy.inPlaceKey ?? newWorkKey('in-place', target.id, ports.now()),
    needs: own === null || upstreamPlaces === null ? null : spaceNeedsInPlace(upstreamPlaces, own.places),
  }
  if (noRoom === null || !may.works) return { choice: planned, inPlace }
  return { choice: { strategy: 'in-place', because: `${planned.because} ${noRoom}` }, inPlace }
}

/** Why no copy can be put beside the old directory; null: it can, or nobody knows. */
export const whyNoRoom = ({ sight, needs }: Pick<CopyFacts, 'sight' | 'needs'>): string | null => {
  const barred = sight?.places.find(({ because }) => because !== null)
  if (barred) return `No copy can be put beside ${barred.path}: ${barred.because}`
  const small = needs?.find(isTooSmall)
  return small ? `A copy beside it needs ${spaceText(small)}.` : null
}
