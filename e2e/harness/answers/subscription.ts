import { expect } from 'vitest'
import { startMessenger } from '@/jobs/messenger'
import { idOf } from '@/lib/adapters/memory'
import { startReceiver } from '../daemons/receiver'
import { type Body, type DescribedApi, nobody } from '../described-api'
import { openSender } from '../messenger'

/** The calls of a subscription, from its creation to the answers that its messages got. `viewer`: a token that may not change it. */
export const subscriptionIsAnswered = async (stage: DescribedApi, viewer: string): Promise<void> => {
  const receiver = await startReceiver()
  const messenger = startMessenger(await openSender())
  const inPerson = { by: null, headers: (await stage.login()).headers }
  try {
    const body = { name: 'on-call', environmentId: idOf('dev'), channel: 'webhook', url: receiver.url, isPaused: true }
    const { id } = (await stage.ask('POST', '/api/v1/subscriptions', { body })).body
    const path = `/api/v1/subscriptions/${id}`
    expect((await stage.ask('POST', `${path}/test`)).body).toMatchObject({
      state: 'given-up',
      answer: expect.stringContaining('signing secret'),
    })
    expect((await stage.ask('POST', `${path}/secret`)).status, 'a token makes no secret').toBe(403)
    expect((await stage.ask('POST', `${path}/secret`, inPerson)).body).toEqual({
      secret: expect.stringMatching(/^whsec_/),
      previousUntil: null,
    })
    expect((await stage.ask('POST', `${path}/test`)).body).toMatchObject({ state: 'sent', answer: 'Answered 200: ok' })
    expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({ type: 'test', subscription: { id } })
    const { items } = (await stage.ask('GET', `/api/v1/messages?subscriptionId=${id}&sort=createdAt`)).body
    expect(items.map(({ event, state }: Body) => [event, state])).toEqual([
      ['test', 'given-up'],
      ['test', 'sent'],
    ])
    expect(JSON.stringify((await stage.ask('GET', path)).body)).not.toMatch(/whsec_|sealed/)
    expect((await stage.ask('POST', `${path}/test`, { by: viewer })).status).toBe(404)
    expect((await stage.ask('POST', `/api/v1/subscriptions/${nobody}/secret`, inPerson)).status).toBe(404)
  } finally {
    await messenger.stop()
    await receiver.stop()
  }
}
