import { expect, test } from 'vitest'
import { replicationOptionsPattern, wishedConninfo } from './wish'

const isAllowed = (text: string) => new RegExp(replicationOptionsPattern).test(text)

test('options are keywords that say nothing of whom to follow, as whom, or with which secret', () => {
  for (const text of [
    '',
    'sslmode=verify-full',
    'sslmode=verify-full sslrootcert=/etc/ssl/pg.pem application_name={host} keepalives_idle=30',
  ])
    expect(isAllowed(text), text).toBe(true)
  for (const text of [
    'host=a',
    'password=x',
    'user=u',
    'port=1',
    'dbname=d',
    'sslmode',
    'sslmode=a b',
    "sslmode='x'",
    ' sslmode=x',
    'sslmode=x ',
  ])
    expect(isAllowed(text), text).toBe(false)
})

test('a wish sets its keywords for each host, and nothing where it is empty', () => {
  expect(wishedConninfo({ user: '', options: '' }, 'n1')).toEqual({})
  expect(wishedConninfo({ user: 'rep', options: 'sslmode=require application_name=shop_{host}' }, 'n1')).toEqual({
    user: 'rep',
    sslmode: 'require',
    application_name: 'shop_n1',
  })
})
