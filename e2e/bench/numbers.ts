export const median = (values: readonly number[]): number => quantile(values, 0.5)
/** The value that the share `q` of them does not exceed. */
export const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!
export const numberOf = (args: readonly string[], flag: string, fallback: number): number =>
  args.includes(flag) ? Number(args[args.indexOf(flag) + 1]) : fallback
