import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { bytesText, canPlanAtOnce, inputFields, inputInAddress, toInput } from './input-fields'

const fieldsOf = (schema: z.ZodType) => inputFields(z.toJSONSchema(schema, { io: 'input' }) as JsonObject)

describe('the input form of an operation', () => {
  test('an enumeration is a choice that starts at its default', () => {
    const [mode] = fieldsOf(z.object({ stopMode: z.enum(['smart', 'fast', 'immediate']).default('fast').describe('How.') }))
    expect(mode).toMatchObject({
      label: 'Stop mode',
      help: 'How.',
      initial: 'fast',
      required: false,
      control: { kind: 'choice', choices: ['smart', 'fast', 'immediate'] },
    })
  })

  test('an operation without input, or with defaults only, can be planned at once', () => {
    expect(canPlanAtOnce(fieldsOf(z.object({})))).toBe(true)
    expect(canPlanAtOnce(fieldsOf(z.object({ write: z.boolean().default(false) })))).toBe(true)
    expect(canPlanAtOnce(fieldsOf(z.object({ sql: z.string().min(1) })))).toBe(false)
  })

  test('a statement gets the long control, whole numbers their bounds', () => {
    const [statement, timeout] = fieldsOf(
      z.object({ sql: z.string().min(1).max(100_000), timeoutMs: z.int().min(100).max(60_000).default(5000) }),
    )
    expect(statement!.control).toMatchObject({ kind: 'text', isLong: true })
    expect(timeout!.control).toEqual({ kind: 'number', min: 100, max: 60_000, isWhole: true })
  })

  test('what was typed becomes the input: numbers parsed, empty optional values left out', () => {
    const fields = fieldsOf(z.object({ sql: z.string(), rows: z.int().optional(), database: z.string().optional() }))
    expect(toInput(fields, { sql: 'select 1', rows: '20', database: '' })).toEqual({ sql: 'select 1', rows: 20 })
  })

  test('a size is typed with its unit, in powers of 1024, and shown as PostgreSQL writes it', () => {
    const fields = fieldsOf(
      z.object({
        lag: z
          .int()
          .default(16 * 1024 ** 2)
          .meta({ unit: 'bytes' }),
      }),
    )
    expect(fields[0]).toMatchObject({ control: { kind: 'bytes' }, initial: 16_777_216 })
    expect(toInput(fields, {})).toEqual({ lag: 16_777_216 })
    expect(toInput(fields, { lag: '1.5 GB' })).toEqual({ lag: 1_610_612_736 })
    expect(toInput(fields, { lag: 'much' })).toEqual({ lag: 'much' })
    expect(['64 kB', 1_610_612_736, 1_000_001].map(bytesText)).toEqual(['64 kB', '1.5 GB', '1000001'])
  })

  test('an input that is picked from what the targets have says so', () => {
    const [upstream] = fieldsOf(z.object({ upstream: z.string().min(1).meta({ picks: 'herd-member' }) }))
    expect(upstream).toMatchObject({ required: true, initial: '', control: { kind: 'pick', of: 'herd-member' } })
  })

  test('a value that may be null keeps its own control', () => {
    const [after] = fieldsOf(z.object({ after: z.int().min(1).nullable().default(null) }))
    expect(after!.control).toMatchObject({ kind: 'number', min: 1 })
  })

  test('an address fills inputs by name; what is no input, or no choice of one, is left out', () => {
    const schema = z.toJSONSchema(z.object({ upstream: z.string(), mode: z.enum(['a', 'b']), keep: z.boolean() })) as JsonObject
    const given = { upstream: 'id', mode: 'c', keep: 'true', ids: 'x', plan: ['y'] }
    expect(inputInAddress(schema, given)).toEqual({ upstream: 'id', keep: true })
    const fields = inputFields(schema)
    expect([canPlanAtOnce(fields), canPlanAtOnce(fields, { upstream: 'id' })]).toEqual([false, true])
  })
})
