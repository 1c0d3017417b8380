import type { Page } from '@playwright/test'
import { axeFaults } from './axe'
import { expect } from './fixtures'

/** Holds that no part of the page is wider than the window it is shown in. */
export const expectNoWider = async (page: Page): Promise<void> =>
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0)

/** Holds that axe finds nothing wrong with the page, and that it fits a phone and a desktop, at whose width it is left. */
export const expectFits = async (page: Page): Promise<void> => {
  expect(await axeFaults(page)).toEqual([])
  for (const size of [
    { width: 390, height: 844 },
    { width: 1280, height: 800 },
  ]) {
    await page.setViewportSize(size)
    await expectNoWider(page)
  }
}
