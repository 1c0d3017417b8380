import { expect, test } from 'vitest'
import { parseConditions } from '../rules/condition-text'
import { parseSchedules } from '../rules/schedules'
import { fieldsOf, readRule, Unusable } from './rule'

const sent = { name: 'night', action: 'SCALE_DOWN', typeTime: 'CRON', cronTime: ['0/5 11-20 * * *'], ec2_default_type: 'm5.large' }
const checks = {
  enableReplicationLag: 'on',
  selectReplicationLagOp: 'less',
  replicationLag: '60',
  enableCheckConnection: 'on',
  selectCheckConnectionOp: 'equal',
  checkConnection: 2,
  enableAverageLoad: 'on',
  selectAverageLoadOp: 'greater',
  averageLoad: '2.5',
}
const conditionsOf = (more: object) => fieldsOf(readRule({ ...sent, ...checks, ...more })).conditions

test('checks become conditions that this console reads: all of them, or one where ANY is asked for; a growth looks at the primary’s own load', () => {
  expect(conditionsOf({})).toBe('lagSeconds < 60 and busyClients = 2 and combined.load > 2.5')
  expect(conditionsOf({ action: 'SCALE_UP', conditionLogic: 'any' })).toBe('lagSeconds < 60 or busyClients = 2 or primary.load > 2.5')
  expect(parseConditions(conditionsOf({}))).not.toBeTypeOf('string')
  expect(conditionsOf({ enableReplicationLag: 'ON', enableCheckConnection: true, enableAverageLoad: 'off' })).toBe('')
})

test('times are taken as one string or several, and as the time of a day', () => {
  const schedulesOf = (more: object) => fieldsOf(readRule({ ...sent, ...more })).schedules
  expect(schedulesOf({ cronTime: '0 10 * * *' })).toBe('0 10 * * *')
  expect(schedulesOf({ cronTime: ['0/5 11-19 * * *', '0-47/5 20 * * *'] })).toBe('0/5 11-19 * * *\n0-47/5 20 * * *')
  expect(schedulesOf({ typeTime: 'daily', dailyTime: ['22:30', '23:30'] })).toBe('22:30')
  expect(parseSchedules(schedulesOf({}))).toHaveLength(1)
})

test('a reverse rule is read where one is asked for, and “off” asks for none', () => {
  const reverseOf = (more: object) => readRule({ ...sent, reverse_action: 'SCALE_UP', reverseCronTime: '5 * * * *', ...more }).reverse
  expect(reverseOf({ enableReverse: 'on' })).toEqual({ action: 'SCALE_UP', runAt: ['5 * * * *'] })
  expect(reverseOf({ enableReverse: true })).not.toBeNull()
  for (const enableReverse of ['off', 'false', '', null, false, undefined]) expect(reverseOf({ enableReverse })).toBeNull()
})

test('what cannot be used is said by the name of the field that was sent', () => {
  const refusalOf = (more: object): string => {
    try {
      fieldsOf(readRule({ ...sent, ...more }))
    } catch (error) {
      if (error instanceof Unusable) return error.message
      throw error
    }
    return ''
  }
  expect(refusalOf({ name: '' })).toBe('Bad Data!')
  expect(refusalOf({ typeTime: undefined })).toContain('typeTime')
  expect(refusalOf({ cronTime: [] })).toContain('cronTime')
  expect(refusalOf({ ec2_default_type: null })).toContain('ec2_default_type')
  expect(refusalOf({ ...checks, selectAverageLoadOp: 'more' })).toContain('selectAverageLoadOp')
  expect(refusalOf({ ...checks, replicationLag: 'x' })).toContain('replicationLag')
  expect(refusalOf({ enableRetry: 'on', retryAfter: '1.5' })).toContain('retryAfter')
})
