import { expect, test } from 'vitest'
import { hbaRuleText } from './hba-rules'

test('a rule reads as the line that a person would write', () => {
  const rule = { type: 'host', databases: 'app', users: 'app,+staff', address: '10.0.0.0', netmask: '255.0.0.0', method: 'md5' }
  expect(hbaRuleText(rule)).toBe('host app app,+staff 10.0.0.0/8 md5')
  expect(hbaRuleText({ ...rule, address: '10.1.2.3', netmask: '255.255.255.255' })).toBe('host app app,+staff 10.1.2.3/32 md5')
  expect(hbaRuleText({ ...rule, address: 'fd00::', netmask: 'ffff:ffff::' })).toBe('host app app,+staff fd00::/32 md5')
  expect(hbaRuleText({ ...rule, address: '0.0.0.0', netmask: '0.0.0.0' })).toBe('host app app,+staff 0.0.0.0/0 md5')
  expect(hbaRuleText({ ...rule, address: 'samenet', netmask: null })).toBe('host app app,+staff samenet md5')
  expect(hbaRuleText({ ...rule, type: 'local', address: null, netmask: null, method: 'peer' })).toBe('local app app,+staff peer')
})
