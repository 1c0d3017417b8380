import type { Losable, Measured, Scenario } from './scenario'
import { type Company, companyOf, deeds, losses, movesPoolers, type Second, sayTrouble, type Trouble } from './trouble'

/** What a covering set follows from. */
export type Shape = Pick<Scenario, 'name' | 'losable' | 'losesMidway' | 'givesUp' | 'isThroughPoolers'> & { steps: readonly string[] }

/** Of the paused time, so many points are met by a worker that comes late. */
const lateCount = 8
/** Of two troubles in one case. */
const pairCount = 24
/** So many points, or actions, after the first trouble at most. */
const reach = 20
/** Multiples of it, without what is before the point, are spread evenly however many there are. */
const golden = 0.618_033_988_749_895

/**
 * Far fewer cases than all of them, the same ones each time. The worker dies at every point; every action fails, and its answer is lost; every step is
 * cancelled, and loses hosts in every way, all of them in turn; in every step somebody does each deed, seen and unseen, and between any two actions somebody
 * does one; pairs of troubles are sampled.
 */
export const coverOf = (shape: Shape, measured: Measured): Trouble[] => {
  const singles: Trouble[] = [
    ...numbers(measured.passed).map((at): Trouble => ({ how: 'kill', at })),
    ...lateCases(measured),
    ...numbers(measured.acts).flatMap((nth): Trouble[] => [
      { how: 'fail', nth },
      { how: 'lose-answer', nth },
    ]),
    ...shape.steps.map((step): Trouble => ({ how: 'cancel', step })),
    ...shape.steps.flatMap((step, turn) => inTurn(shape, turn).map((lost): Trouble => ({ ...lost, step }))),
    ...midwayOf(shape, measured).flatMap((after, turn) => inTurn(shape, turn).map((lost): Trouble => ({ ...lost, after }))),
    ...(shape.givesUp ? shape.steps : []).map((step): Trouble => ({ how: 'power-off', who: shape.losable[0]!, step, isGivenUp: true })),
    ...companyCases(shape, measured),
  ]
  return [...singles, ...pairCases(shape, measured)]
}

/** One of each kind, then another of each, those of a kind far apart: whatever time allows has tried everything some way. */
export const tellingFirst = <T>(all: readonly T[], kindOf: (one: T) => string): T[] => {
  const kinds = new Map<string, T[]>()
  for (const one of all) kinds.set(kindOf(one), [...(kinds.get(kindOf(one)) ?? []), one])
  return inTurns([...kinds.values()].map((own) => farApart(own.length).map((index) => own[index]!)))
}

/** The first of each, then the second of each. */
export const inTurns = <T>(lists: readonly (readonly T[])[]): T[] =>
  lists
    .flatMap((list) => list.map((one, turn) => ({ one, turn })))
    .toSorted((a, b) => a.turn - b.turn)
    .map(({ one }) => one)

/** What goes wrong, whichever point, action or step it is at. */
export const kindOfTrouble = (trouble: Trouble): string => {
  const company = companyOf(trouble)
  const met = company === null ? '' : `${company.does}${company.isHidden ? ', unseen' : ''}`
  if (trouble.how === 'kill') return [trouble.how, trouble.isLate ? 'late' : '', met, trouble.and ? `and ${trouble.and.how}` : ''].join(' ')
  if (!('who' in trouble)) return trouble.how
  return company === null ? `${trouble.how} ${trouble.who}${'isGivenUp' in trouble ? ', given up' : ''}` : `${trouble.how} and somebody`
}

/** The cases of one part of so many: each has some of every kind. */
export const partOf = <T>(all: readonly T[], part: number, of: number): T[] => all.filter((_, index) => index % of === part - 1)

/** All indexes below a count, each next one far from those before. */
const farApart = (count: number): number[] => {
  const indexes = numbers(count).map((nth) => nth - 1)
  const turnOf = indexes.toSorted((a, b) => ((a * golden) % 1) - ((b * golden) % 1))
  return indexes.toSorted((a, b) => turnOf[a]! - turnOf[b]!)
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

const lateCases = ({ held: { from, to } }: Measured): Trouble[] => {
  const points = numbers(to - from).map((one) => from + one)
  const stride = Math.max(1, Math.floor(points.length / lateCount))
  return points.filter((_, index) => index % stride === 0).map((at): Trouble => ({ how: 'kill', at, isLate: true }))
}

/** Each way to lose a host, each of another one; another first one each time. */
const inTurn = ({ losable }: Shape, turn: number) => losses.map((how, index) => ({ how, who: losable[(turn + index) % losable.length]! }))

const midwayOf = ({ losesMidway }: Shape, { acts }: Measured): (number | string)[] =>
  Array.isArray(losesMidway) ? [...losesMidway] : losesMidway ? numbers(acts) : []

/** Everything that somebody may do besides, seen and unseen. */
export const companiesOf = ({ isThroughPoolers }: Pick<Shape, 'isThroughPoolers'>): Pick<Company, 'does' | 'isHidden'>[] =>
  deeds
    .filter((does) => isThroughPoolers || !movesPoolers(does))
    .flatMap((does) => [
      { does, isHidden: false },
      { does, isHidden: true },
    ])

/** In each step as many as it has stretches between two actions, or as there are deeds, whichever is more: so each stretch and each deed has its turn. */
const companyCases = (shape: Shape, { sections }: Measured): Trouble[] => {
  const kinds = companiesOf(shape)
  const steps = [...new Set(sections.map(({ step }) => step))]
  return steps.flatMap((step, turn) => {
    const own = sections.filter((one) => one.step === step)
    return numbers(Math.max(own.length, kinds.length)).map((nth): Trouble => {
      const { from, to } = own[nth % own.length]!
      const kind = nth + turn
      const company: Company = { ...kinds[kind % kinds.length]!, says: (Math.floor(kind / 2) + turn) % 2 === 0 ? 'resume' : 'abandon' }
      return { how: 'kill', at: from + ((Math.floor(nth / own.length) + turn) % (to - from + 1)), company }
    })
  })
}

const pairCases = (shape: Shape, measured: Measured): Trouble[] => {
  const draw = drawing(shape.name)
  const one = <T>(all: readonly T[]): T => all[draw(all.length)]!
  const at = () => 1 + draw(measured.passed)
  const who = (): Losable => one(shape.losable)
  const company = (): Company => ({ ...one(companiesOf(shape)), says: one(['resume', 'abandon'] as const) })
  const killed = (and: Second): Trouble => ({ how: 'kill', at: at(), and })
  const kinds: (() => Trouble)[] = [
    () => ({ how: one(losses), who: who(), step: one(shape.steps), company: company() }),
    () => killed({ how: one(losses), who: who() }),
    () => killed({ how: 'kill', later: 1 + draw(reach) }),
    () => killed({ how: one(['fail', 'lose-answer'] as const), nth: 1 + draw(Math.min(reach, measured.acts)) }),
  ]
  const drawn = numbers(pairCount).map((nth) => kinds[nth % kinds.length]!())
  return [...new Map(drawn.map((trouble) => [sayTrouble(trouble), trouble])).values()]
}

/** Numbers below a limit that look thrown, and are the same for the same name each time (mulberry32). */
const drawing = (name: string): ((limit: number) => number) => {
  let state = [...name].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7)
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    const mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    const again = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((again ^ (again >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}
