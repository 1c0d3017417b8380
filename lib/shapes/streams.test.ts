import { expectTypeOf, test } from 'vitest'
import type { AsJson, Json } from '@/lib/kernel/ground/json'
import type { ChangesStream, EventOf, FleetStream, PlanStream, RunEventsStream, RunStream } from './streams'

test('what JSON would change on its way to the browser cannot be streamed', () => {
  expectTypeOf<AsJson<{ rows: { at: Date }[] }>>().toEqualTypeOf<{ rows: { at: never }[] }>()
  expectTypeOf<AsJson<{ seen: Map<string, string> }>['seen']>().toBeNever()
  expectTypeOf<AsJson<{ at: string | null; rest: Json }>>().toEqualTypeOf<{ at: string | null; rest: Json }>()
})

test('every stream carries plain JSON alone', () => {
  expectTypeOf<EventOf<RunStream>['data']>().toEqualTypeOf<RunStream[keyof RunStream]>()
  expectTypeOf<EventOf<PlanStream>['data']>().toEqualTypeOf<PlanStream[keyof PlanStream]>()
  expectTypeOf<EventOf<ChangesStream>['data']>().toEqualTypeOf<ChangesStream[keyof ChangesStream]>()
  expectTypeOf<EventOf<FleetStream>['data']>().toEqualTypeOf<FleetStream[keyof FleetStream]>()
  expectTypeOf<EventOf<RunEventsStream>['data']>().toEqualTypeOf<RunEventsStream[keyof RunEventsStream]>()
})
