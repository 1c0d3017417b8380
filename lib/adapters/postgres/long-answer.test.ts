import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { asSocket } from './connection'

/** What a host sends, in pieces, as the channel gives it. */
const channelOf = () => {
  const faults: Error[] = []
  const channel = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })
  channel.on('error', (error) => faults.push(error))
  return { channel, faults, hear: (bytes: number) => channel.emit('data', Buffer.alloc(bytes)) }
}

test('a server that answers one question with more than its bytes loses the session, in whatever pieces they come', () => {
  const { channel, faults, hear } = channelOf()
  asSocket(channel, 1000)
  for (let sent = 0; sent < 1000; sent += 100) hear(100)
  expect([faults, channel.destroyed]).toEqual([[], false])
  hear(1)
  expect(faults).toMatchObject([{ code: 'sql.unreachable', message: expect.stringContaining('answered with more than') }])
  expect(channel.destroyed).toBe(true)
})

test('each question may be answered with as many bytes again', () => {
  const { channel, faults, hear } = channelOf()
  const socket = asSocket(channel, 1000)
  for (let question = 0; question < 5; question += 1) {
    socket.write('a question')
    hear(1000)
  }
  expect(faults).toEqual([])
})
