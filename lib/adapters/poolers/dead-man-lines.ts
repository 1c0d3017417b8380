import { databaseLines } from '@/lib/domain/poolers/pgbouncer-ini'
import { quoteIdentifier } from '@/lib/domain/values/sql-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import type { DeadManAnswer, DeadManMember, DeadManSeen, DeadManSpec, DeadManTrial } from '@/lib/ports'
import { fieldMark } from './dead-man-ask-script'

/** What the scripts read from stdin. Throws `input.invalid` for a name that no line can carry. */
export const linesOf = ({ databases, members }: DeadManSpec): string => {
  const lines = [
    ...databases.map(({ name, database }) => ['database', name, quoteIdentifier(name), database]),
    ...members.flatMap((member, index) => [
      memberLine(member, index),
      ...databases.map(({ name }) => ['aim', String(index), name, ...aimOf(member, name)]),
    ]),
  ]
  const odd = lines.flat().find((field) => ['\n', '\0', fieldMark].some((mark) => field.includes(mark)))
  if (odd !== undefined) throw new Fault('input.invalid', { because: `“${odd}” holds a character that no name of a timer may hold.` })
  return lines.map((fields) => `${fields.join(fieldMark)}\n`).join('')
}

const memberLine = ({ title, address, port, socketDirectory, text }: DeadManMember, index: number): string[] => [
  'member',
  String(index),
  title,
  address,
  String(port),
  socketDirectory ?? '',
  text === null ? '' : Buffer.from(text).toString('base64'),
]

/** Where SHOW DATABASES shows the database once the pooler points to the member. */
const aimOf = ({ address, port, text }: DeadManMember, database: string): string[] => {
  if (text === null) return [address, String(port)]
  const lines = databaseLines(text)
  const line = lines.find(({ name }) => name === database) ?? lines.find(({ name }) => name === '*')
  return [line?.host ?? '', String(line?.port ?? port)]
}

const valuesOf = (output: string, name: string): string[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) => line.slice(name.length + 1))

export const readTrial = (output: string, members: readonly DeadManMember[]): DeadManTrial => ({
  problem: valuesOf(output, 'problem')[0] ?? null,
  answers: valuesOf(output, 'seen').map((line) => answerOf(line.split(fieldMark), members)),
})

const answerOf = ([number, answer, timeline, because]: string[], members: readonly DeadManMember[]): DeadManAnswer => {
  const { instanceId, title } = members[Number(number)]!
  return {
    instanceId,
    title,
    answer: answer === 'writable' || answer === 'standby' ? answer : 'silent',
    timeline: Number(timeline) || null,
    because: because?.trim() || null,
  }
}

const states = ['absent', 'armed', 'disarmed', 'overtaken', 'firing', 'fired', 'lost'] as const

export const readSeen = (output: string): DeadManSeen => {
  const cut = output.indexOf('tail\n')
  const head = cut < 0 ? output : output.slice(0, cut)
  const state = states.find((known) => known === valuesOf(head, 'state')[0])
  if (state === undefined) throw new Fault('shell.failed', { isOver: true, because: 'What became of a timer could not be read.' })
  const left = valuesOf(head, 'left')[0]
  return {
    state,
    leftMs: left === undefined ? null : Math.max(0, Number(left) * 10),
    ledTo: valuesOf(head, 'led')[0] || null,
    resumed: valuesOf(head, 'resumed'),
    log: cut < 0 ? '' : output.slice(cut + 'tail\n'.length),
  }
}
