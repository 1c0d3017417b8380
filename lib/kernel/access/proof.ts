/** How long a login, or the password given again, vouches for who sits at the browser. */
export const proofMinutes = 10

/**
 * What a session left open must not do: let others in, hold somebody to be somebody, replace keys, agree as the second person, lower what protects.
 * By the act of its audit line; a list names the fields that make a change one of these. Taking rights and secrets away asks nothing.
 */
export const provenActs: Readonly<Record<string, true | readonly string[]>> = {
  'plan.approve': true,
  'sizing-rule.approve': true,
  'person.add': true,
  'person.change': true,
  'person.delete': true,
  'person.password': true,
  'second-factor.add': true,
  'second-factor.remove': true,
  'second-factor.reset': true,
  'recovery-codes.renew': true,
  'grant.add': true,
  'grant.change': true,
  'grant.delete': true,
  'token.create': true,
  'token.change': ['role', 'environmentId', 'expiresAt'],
  'enrolment-key.create': true,
  'subscription.new-secret': true,
  'environment.change': ['protection', 'maintenanceWindows', 'parallelMax', 'stopAfterFailuresMax'],
  'environment.delete': true,
  'environment.allow-lowering': true,
  'environment.new-key': true,
  'environment.switch-key': true,
  'environment.discard-key': true,
}

/** Whether this needs a proof at most `proofMinutes` old. `fields`: those that a change changes. */
export const asksProof = (act: string, fields: readonly string[] = []): boolean => {
  const asked = Object.hasOwn(provenActs, act) ? provenActs[act]! : []
  return asked === true || asked.some((name) => fields.includes(name))
}
