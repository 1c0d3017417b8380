import type { Json } from '@/lib/kernel/ground/json'
import type { CheckContext, Found } from '@/lib/kernel/operation/operation'

/** What is missing, told to the engine: less than at the intent means that something of the step has happened, and is to be undone. */
export const readyWith = <Before extends Json>(
  before: Before,
  { intended }: Pick<CheckContext<Before>, 'intended'>,
): Found<Before, null> => {
  const hasBegun = intended !== null && JSON.stringify(intended.before) !== JSON.stringify(before)
  return { found: 'ready', before, ...(hasBegun ? { partly: 'Some of it is there already.' } : {}) }
}
