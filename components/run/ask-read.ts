import { answerOf, type ReadAddress } from '@/lib/shapes/reads'

const silent = 'The console does not answer.'

/** What the console answers at an address of its own; throws an Error with why it does not, for `whyNot`. */
export const askRead = async <Answer>(address: ReadAddress<Answer>, signal?: AbortSignal): Promise<Answer> => {
  const response = await fetch(address, { signal })
  if (!response.ok) throw new Error(((await response.json()) as { detail?: string }).detail ?? silent)
  return answerOf(address, response)
}

/** In words for a person: a TypeError is the network's. */
export const whyNot = (error: unknown): string => (error instanceof TypeError ? silent : (error as Error).message)
