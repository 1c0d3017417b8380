import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
/** The rules whose answer depends on the theme; the others see the same page in both. */
const themeRules = ['color-contrast', 'link-in-text-block']

/** Read as text, since the page loads it; the smaller of its two files. */
const axeSource = readFileSync(createRequire(import.meta.resolve('@axe-core/playwright')).resolve('axe-core/axe.min.js'), 'utf8')

/** Put into the page by hand, once: the builder would do it twice for each look. Legacy means without frames, of which we have none; none of our rules needs the style sheets loaded again. */
const axe = (page: Page) =>
  new AxeBuilder({ page, axeSource: 'void axe' }).setLegacyMode(true).options({ resultTypes: ['violations'], preload: false })

/** Everything axe finds wrong with the page that is shown, in both themes, a line each. It is left dark. */
export const axeFaults = async (page: Page): Promise<string[]> => {
  const look = async (theme: 'light' | 'dark', builder: AxeBuilder): Promise<string[]> => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    const { violations } = await builder.analyze()
    return violations.map(({ id, help, nodes }) => {
      const where = nodes.slice(0, 3).map(({ html }) => html.slice(0, 160))
      return `${theme}: ${id}, ${help}: ${where.join(' · ')}`
    })
  }
  // A page that comes from the server in parts has its title a moment after its heading.
  await expect(page).toHaveTitle(/./)
  await page.evaluate(axeSource)
  return [...(await look('light', axe(page).withTags(tags))), ...(await look('dark', axe(page).withRules(themeRules)))]
}
