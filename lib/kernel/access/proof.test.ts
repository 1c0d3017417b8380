import { expect, test } from 'vitest'
import { asksProof } from './proof'

test('what lets others in or lowers what protects asks for a proof, and what does neither does not', () => {
  for (const act of ['plan.approve', 'grant.add', 'token.create', 'environment.switch-key', 'person.password'])
    expect(asksProof(act)).toBe(true)
  for (const act of ['run.submit', 'token.revoke', 'session.revoke', 'herd.change', 'constructor']) expect(asksProof(act)).toBe(false)
})

test('of a change that protects in some fields only these ask for a proof', () => {
  expect(asksProof('environment.change', ['description'])).toBe(false)
  expect(asksProof('environment.change', ['description', 'protection'])).toBe(true)
  expect(asksProof('token.change', ['name'])).toBe(false)
})
