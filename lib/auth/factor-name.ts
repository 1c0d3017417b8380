import { Fault } from '@/lib/kernel/ground/errors'

const nameMax = 60

/** By which its owner knows the device. Throws `input.invalid`. */
export const factorName = (name: unknown): string => {
  const called = typeof name === 'string' ? name.trim() : ''
  if (called !== '' && called.length <= nameMax && !/\p{Cc}/u.test(called)) return called
  throw new Fault('input.invalid', {
    fields: [{ path: 'name', message: `Give it a name of at most ${nameMax} characters on one line.` }],
  })
}
