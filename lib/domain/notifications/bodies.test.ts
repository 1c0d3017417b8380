import { expect, test } from 'vitest'
import { mailOf, pagerDutyBodies, slackBody, webhookBody } from './bodies'
import { incidentOf } from './incident.fixture'
import type { Message, ToldIncident } from './message'

const begin: ToldIncident = { event: 'begin', incident: incidentOf(), environments: ['prod'] }
const message = (told: readonly ToldIncident[] = [begin]): Message => ({
  id: 'd-1',
  at: '2026-03-01T12:00:15.000Z',
  subscription: { id: 's-1', name: 'on-call' },
  consoleUrl: 'https://console.example.org',
  told,
})
const end: ToldIncident = { ...begin, event: 'end', incident: incidentOf({ endedAt: '2026-03-01T12:05:00.000Z', flaps: 2 }) }

test('a webhook says what, where, since when, how bad, where to look and what to do', () => {
  expect(webhookBody(message())).toEqual({
    id: 'd-1',
    type: 'trouble.begin',
    at: '2026-03-01T12:00:15.000Z',
    subscription: { id: 's-1', name: 'on-call' },
    summary: '[critical] prod: No writable primary: shop',
    severity: 'critical',
    troubles: [
      {
        id: 'i-1',
        event: 'begin',
        kind: 'no-primary',
        severity: 'critical',
        summary: 'No writable primary',
        object: 'shop',
        detail: '2 of 3 members online',
        environments: ['prod'],
        since: '2026-03-01T12:00:00.000Z',
        endedAt: null,
        returns: 0,
        url: 'https://console.example.org/herds/shop',
        remedy: { label: 'Fail over…', url: 'https://console.example.org/dr-pairs/run/failover?ids=shop' },
      },
    ],
  })
  expect(webhookBody(message([end]))).toMatchObject({ type: 'trouble.end', summary: '[critical] prod: Over: No writable primary: shop' })
  expect(webhookBody(message([]))).toMatchObject({ type: 'test', troubles: [], severity: 'info' })
})

test('PagerDuty gets one key from the trigger to the end, and a test is resolved at once', () => {
  const actionsOf = (told: readonly ToldIncident[]) =>
    pagerDutyBodies(message(told), 'key').map(({ event_action, dedup_key, routing_key }) => [event_action, dedup_key, routing_key])
  expect(actionsOf([begin, { ...begin, event: 'acknowledge' }, end])).toEqual([
    ['trigger', 'matriarch-i-1', 'key'],
    ['acknowledge', 'matriarch-i-1', 'key'],
    ['resolve', 'matriarch-i-1', 'key'],
  ])
  expect(actionsOf([])).toEqual([
    ['trigger', 'matriarch-test-d-1', 'key'],
    ['resolve', 'matriarch-test-d-1', 'key'],
  ])
  expect(pagerDutyBodies(message(), 'key')[0]).toMatchObject({
    payload: { summary: '[critical] prod: No writable primary: shop', source: 'shop', severity: 'critical', group: 'prod' },
    links: [{ href: 'https://console.example.org/herds/shop' }, { text: 'Fail over…' }],
  })
})

test('a name cannot become markup, a mention or a link in Slack', () => {
  const { text } = slackBody(message([{ ...begin, incident: incidentOf({ label: '<!channel> & <https://evil|x>' }) }]))
  expect(text).not.toMatch(/<|>/)
  expect(text).toContain('&lt;!channel&gt; &amp; &lt;https://evil|x&gt;')
})

test('a mail has its subject on one line, its trouble as its thread, and no remedy once it is over', () => {
  const mail = mailOf(message([{ ...begin, incident: incidentOf({ label: 'shop\r\nBcc: eve@example.org' }) }]))
  expect(mail.subject).toBe('[critical] prod: No writable primary: shop Bcc: eve@example.org')
  expect(mail.threadId).toBe('i-1')
  expect(mail.text).toContain('Fail over…: https://console.example.org/dr-pairs/run/failover?ids=shop')
  const over = mailOf(message([end]))
  expect(over.text).toContain('Over since: 2026-03-01 12:05:00 UTC\nIt came back 2 times')
  expect(over.text).not.toContain('Fail over')
})

test('a digest counts what began and ended, and names the worst first and twenty at most', () => {
  const many = Array.from({ length: 30 }, (_, at) => ({
    ...begin,
    incident: incidentOf({ id: `i-${at}`, label: `herd-${at}`, severity: at === 29 ? 0 : 2 }),
  }))
  const mail = mailOf(message([...many, end]))
  expect(mail.subject).toBe('[critical] 30 troubles began, 1 ended')
  expect(mail.threadId).toBeNull()
  const lines = mail.text.split('\n')
  expect(lines[0]).toContain('herd-29')
  expect(lines[20]).toBe('and 11 more')
})
