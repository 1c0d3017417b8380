import { expect, test } from 'vitest'
import { commandNames, commandProfiles, expandTemplate, faultOfTemplate, profileNames } from './command-profiles'

const values = { bin: '/opt/my pg/bin', data: "/srv/o'neil/{cluster}", cluster: 'shop', major: '15', port: '5432', mode: 'fast' }

test('every command of every profile is one that a person could have saved', () => {
  for (const profile of profileNames)
    for (const command of commandNames)
      expect([profile, command, faultOfTemplate(command, commandProfiles[profile][command])]).toEqual([profile, command, null])
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

test.each([
  ['an empty one', [], 'empty'],
  ['a program with a blank', ['rm -rf /', '{data}'], 'not a program'],
  ['a shell substitution as program', ['$(id)', '{data}'], 'not a program'],
  ['a placeholder that does not exist', ['pg_ctl', '{data}', '{host}'], '{host}'],
  ['one that names no instance', ['pg_ctl', 'stop', '-m', '{mode}'], 'names no instance'],
  ['a stop without its mode', ['pg_ctl', 'stop', '-D', '{data}'], '{mode}'],
  ['a line break in an argument', ['pg_ctl', '{data}\nrm', '{mode}'], 'control character'],
])('a template is refused when saved: %s', (_, template, because) => {
  expect(faultOfTemplate('stop', template)).toContain(because)
})
