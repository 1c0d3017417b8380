import { type RecordSet, recordTypes, sameRecords, sayRecords } from './records'
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

const isServing = ({ isAuthoritative, code }: ServerAnswer): boolean => isAuthoritative && (code === 'NOERROR' || code === 'NXDOMAIN')

/** Whether a name points where it should, as its authoritative servers and its herd's members were just seen. */
export const judgeName = (name: DeclaredName, members: readonly NameTarget[], answers: readonly ServerAnswer[]): NameVerdict => {
  const own = (answer: ServerAnswer) => answer.records.filter((set) => set.name === name.title && recordTypes.includes(set.type))
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
