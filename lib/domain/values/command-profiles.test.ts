import { expect, test } from 'vitest'
import { commandNames, commandProfiles, expandTemplate, profileNames } from './command-profiles'

const values = { bin: '/opt/my pg/bin', data: "/srv/o'neil/{cluster}", cluster: 'shop', major: '15', port: '5432', mode: 'fast' }

test('every command of every profile names its instance, or it would act on all of a host alike, and knows its placeholders', () => {
  for (const profile of profileNames)
    for (const command of commandNames) {
      const template = commandProfiles[profile][command]
      expect([profile, command, template.join(' ')]).toEqual([profile, command, expect.stringMatching(/\{(data|cluster|major)\}/)])
      expect(() => expandTemplate(template, values)).not.toThrow()
    }
})

test('a placeholder that does not exist is refused', () => {
  expect(() => expandTemplate(['pg_ctl', '{data}', '{host}'], values)).toThrow('{host} is not a placeholder')
})

test('a value stays within its argument, whatever is in it, and is not expanded again', () => {
  expect(expandTemplate(commandProfiles.generic.stop, values)).toEqual([
    '/opt/my pg/bin/pg_ctl',
    'stop',
    '-D',
    "/srv/o'neil/{cluster}",
    '-m',
    'fast',
    '-w',
    '-t',
    '3600',
    '-s',
  ])
  expect(expandTemplate(commandProfiles.debian.start, values).slice(0, 4)).toEqual(['pg_ctlcluster', '15', 'shop', 'start'])
})

test('systemd knows only a fast stop; the other modes go to PostgreSQL’s own tool', () => {
  expect(expandTemplate(commandProfiles['debian-systemd'].stopFast, values)).toContain('postgresql@15-shop.service')
  expect(expandTemplate(commandProfiles['debian-systemd'].stop, { ...values, mode: 'smart' })).toContain('smart')
})
