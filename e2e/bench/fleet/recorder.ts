import { connect } from 'node:net'
import { Messages, rowOf, syncMessage, textOf, typeOf } from './messages'

/** What a real server answered to a batch, to be given again: as it was, or with the one JSON value in it brought up to date. */
export interface Recorded {
  before: Buffer
  json: Record<string, unknown> | null
  after: Buffer
  /** `I`: outside of a transaction. */
  state: string
}

const recordedOf = (messages: readonly Buffer[]): Recorded => {
  const state = String.fromCharCode(messages.at(-1)![5]!)
  const rows = messages.filter((one) => typeOf(one) === 'D')
  const text = rows.length === 1 ? textOf(rows[0]!) : null
  if (text === null || !text.startsWith('{')) return { before: Buffer.concat(messages), json: null, after: Buffer.alloc(0), state }
  const place = messages.indexOf(rows[0]!)
  return {
    before: Buffer.concat(messages.slice(0, place)),
    json: JSON.parse(text) as Record<string, unknown>,
    after: Buffer.concat(messages.slice(place + 1)),
    state,
  }
}

export const answerOf = ({ before, json, after }: Recorded, bring: (json: Record<string, unknown>) => Record<string, unknown>): Buffer =>
  json === null ? before : Buffer.concat([before, rowOf(JSON.stringify(bring(json))), after])

/** Asks the real server at this socket each question once. */
export const makeRecorder = (socketPath: string) => {
  const known = new Map<string, Promise<Recorded>>()
  const ask = (startup: Buffer, batches: readonly Buffer[]): Promise<Recorded> =>
    new Promise((resolve, reject) => {
      const socket = connect(socketPath)
      const reader = new Messages(true)
      const waiting = [...batches]
      let answer: Buffer[] = []
      socket.on('data', (piece) => {
        for (const message of reader.take(piece)) {
          answer.push(message)
          if (typeOf(message) === 'E' && answer.every((one) => typeOf(one) !== 'Z') && batches.length === 0)
            return reject(new Error(message.toString('utf8')))
          if (typeOf(message) !== 'Z') continue
          const next = waiting.shift()
          if (next === undefined) {
            socket.destroy()
            return resolve(recordedOf(answer))
          }
          answer = []
          socket.write(next)
        }
      })
      socket.once('error', reject)
      socket.once('close', () => reject(new Error(`The recorded server hung up: ${Buffer.concat(answer).toString('utf8')}`)))
      socket.write(startup)
    })
  return {
    /**
     * `chain`: the batches of the transaction so far, this one last; `prepared`: the Parse messages that the last one relies on. What is asked in the same way
     * again is answered from memory.
     */
    answer: (startup: Buffer, chain: readonly Buffer[], prepared: readonly Buffer[], key: string): Promise<Recorded> => {
      let found = known.get(key)
      if (found === undefined) {
        found = ask(startup, [...prepared.map((one) => Buffer.concat([one, syncMessage])), ...chain])
        known.set(key, found)
      }
      return found
    },
    questions: () => known.size,
  }
}

export type Recorder = ReturnType<typeof makeRecorder>
