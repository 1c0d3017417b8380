import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { PageHeader } from '@/components/shell/page-header'
import { mostDangerous } from './environment'

const dev = { name: 'dev', colour: 'green', protection: 'two-person' as const }
const prod = { name: 'prod', colour: 'red', protection: 'confirm' as const }
const lab = { name: 'lab', colour: 'green', protection: 'open' as const }

test('a page over several environments wears the most alarming colour, whatever protects the calmer ones', () => {
  expect(mostDangerous([dev, prod])).toBe(prod)
  expect(mostDangerous([lab, dev])).toBe(dev)
  expect(mostDangerous([lab, { ...lab, colour: 'mine' }])).toBe(lab)
  expect(mostDangerous([])).toBeNull()
})

test('band and title of a page over several environments name each, and the band says the strongest protection', () => {
  const page = renderToStaticMarkup(<PageHeader crumbs={[]} title="Restart 10 instances" environment={[dev, prod]} />)
  expect(page).toContain('<div class="env-band" data-env="red" data-protection="two-person" data-many="true"><span>DEV, PROD</span>')
  expect(page).toMatch(/<\/h1><span class="env" data-env="green"[^>]*>dev<\/span><span class="env" data-env="red"[^>]*>prod<\/span>/)
})

test('a page in one open environment has a thin band without words', () => {
  const page = renderToStaticMarkup(<PageHeader crumbs={[]} title="lab" environment={lab} />)
  expect(page).toContain('<div class="env-band" data-env="green" data-protection="open"></div>')
})
