/** Of all that a launch makes on AWS. */
export const blueprintTag = 'matriarch:blueprint'
export const jobTag = 'matriarch:job'
/** Of what one step of one job made: by it the step finds its own again, and nothing else. */
export const partTag = 'matriarch:part'
/** Which of the choices a machine was. */
export const choiceTag = 'matriarch:choice'
/** The key that the host showed on its console, `SHA256:…`. */
export const hostKeyTag = 'matriarch:host-key'

/** `team=orders` → { team: 'orders' } */
export const ownTags = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    }),
  )

/** `shop-1`: the host of a member. */
export const hostnameOf = (name: string, number: number): string => `${name}-${number}`
