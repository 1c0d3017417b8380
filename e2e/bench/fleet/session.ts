import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Member } from './layout'
import { broughtUpToDate } from './lively'
import { Messages, statementOf, typeOf } from './messages'
import { answerOf, type Recorder } from './recorder'

const cancelCode = 80_877_102

/** One client's session with one of the servers that are stood in for. */
export const serve = (channel: Duplex, member: Member, recorder: Recorder, told: (because: unknown) => void): void => {
  const reader = new Messages(false)
  const prepared = new Map<string, Buffer>()
  let startup: Buffer | null = null
  let batch: Buffer[] = []
  let chain: { batch: Buffer; key: string }[] = []
  let last: Promise<void> = Promise.resolve()

  const answer = async (asked: readonly Buffer[]) => {
    const own = new Set(asked.filter((one) => typeOf(one) === 'P').map(statementOf))
    const bound = asked.filter((one) => typeOf(one) === 'B').map(statementOf)
    const relied = bound.filter((name) => name !== '' && !own.has(name)).flatMap((name) => prepared.get(name) ?? [])
    for (const one of asked) if (typeOf(one) === 'P' && statementOf(one) !== '') prepared.set(statementOf(one), one)
    const whole = Buffer.concat([...asked])
    const key = `${startup!.toString('latin1')}\n${chain.map((one) => one.key).join('\n')}\n${keyOf(whole)}\n${relied.map(keyOf).join('\n')}`
    const recorded = await recorder.answer(startup!, [...chain.map((one) => one.batch), whole], relied, key)
    chain = recorded.state === 'I' ? [] : [...chain, { batch: whole, key: keyOf(whole) }]
    channel.write(answerOf(recorded, (json) => broughtUpToDate(json, member)))
  }
  const greet = async () => {
    const { before } = await recorder.answer(startup!, [], [], startup!.toString('latin1'))
    channel.write(before)
  }
  const inTurn = (work: () => Promise<void>) => {
    last = last.then(work).catch((error: unknown) => {
      told(error)
      channel.destroy()
    })
  }
  channel.on('error', () => {})
  channel.on('data', (piece: Buffer) => {
    for (const message of reader.take(piece)) {
      if (startup === null) {
        if (message.readInt32BE(4) === cancelCode) return void channel.destroy()
        startup = message
        inTurn(greet)
      } else if (typeOf(message) === 'X') channel.end()
      else {
        batch.push(message)
        if (typeOf(message) !== 'S' && typeOf(message) !== 'Q') continue
        const asked = batch
        batch = []
        inTurn(() => answer(asked))
      }
    }
  })
}

const keyOf = (message: Buffer): string =>
  message.length < 200 ? message.toString('latin1') : createHash('sha1').update(message).digest('base64')
