import { databaseKinds } from './database-kinds'
import { instanceKinds } from './instance-kinds'
import type { HealthKind } from './kind'
import { otherKinds } from './other-kinds'

/** Everything that is looked at, in the order in which it is shown. */
export const healthKinds: readonly HealthKind[] = [...instanceKinds, ...databaseKinds, ...otherKinds]

export type HealthKindName = (typeof instanceKinds | typeof databaseKinds | typeof otherKinds)[number]['name']

export const healthKind = (name: string): HealthKind | undefined => healthKinds.find((kind) => kind.name === name)

/** Nobody has looked for so long: what was found then is no longer known. */
export const staleHours = ({ everyHours }: HealthKind): number => 3 * everyHours
