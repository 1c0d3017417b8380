import { type RecordSet, recordTypes, sameRecords, sameValues, sayRecords } from './records'
import { type DeclaredName, type NameTarget, wantedRecords } from './wanted'

/** What an authoritative server said. */
export interface ServerAnswer {
  server: string
  isAuthoritative: boolean
  code: string
  records: readonly RecordSet[]
}

export interface NameVerdict {
  state: 'right' | 'wrong' | 'unknown'
  because: string | null
  /** What DNS says, in words; null: no server told. */
  answer: string | null
  wanted: string | null
}

const isAnswer = ({ code }: Pick<ServerAnswer, 'code'>): boolean => code === 'NOERROR' || code === 'NXDOMAIN'
const isServing = (answer: ServerAnswer): boolean => answer.isAuthoritative && isAnswer(answer)
const ownOf = (name: DeclaredName, { records }: ServerAnswer): RecordSet[] =>
  records.filter((set) => set.name === name.title && recordTypes.includes(set.type))

/** Whether a name points where it should, as its authoritative servers and its herd's members were just seen. */
export const judgeName = (name: DeclaredName, members: readonly NameTarget[], answers: readonly ServerAnswer[]): NameVerdict => {
  const own = (answer: ServerAnswer) => ownOf(name, answer)
  const serving = answers.filter(isServing)
  const said = [...new Set(serving.map((answer) => sayRecords(own(answer))))]
  const answer = said.length === 0 ? null : said.join('; elsewhere ')
  const wanted = wantedRecords(name, members)
  if ('because' in wanted) return { state: 'unknown', because: wanted.because, answer, wanted: null }
  const verdict = { answer, wanted: sayRecords(wanted.records) }
  if (serving.length === 0) {
    const codes = answers.map(({ server, code }) => `${server}: ${code}`).join('; ')
    return { state: 'unknown', because: `no authoritative server answers${codes === '' ? '' : ` (${codes})`}`, ...verdict }
  }
  const wrong = serving.filter((one) => !sameRecords(own(one), wanted.records))
  if (wrong.length === 0) return { state: 'right', because: null, ...verdict }
  const who = wrong.length === serving.length ? 'DNS' : wrong.map(({ server }) => server).join(' and ')
  return {
    state: 'wrong',
    because: `${who} says ${[...new Set(wrong.map((one) => sayRecords(own(one))))].join('; elsewhere ')}; it should be ${verdict.wanted}`,
    ...verdict,
  }
}

/** Which resolvers give something else than the name should be, and for how long they may; null: none of those that answer. */
export const judgeCaches = (name: DeclaredName, members: readonly NameTarget[], answers: readonly ServerAnswer[]): string | null => {
  const wanted = wantedRecords(name, members)
  if ('because' in wanted) return null
  const late = answers.filter((one) => isAnswer(one) && !sameValues(ownOf(name, one), wanted.records))
  return late.length === 0 ? null : late.map((one) => `the resolver ${one.server} still says ${sayRecords(ownOf(name, one))}`).join('; ')
}
