import type { Page } from '@playwright/test'
import { axeFaults } from './axe'
import { expect } from './fixtures'

/** Holds that no part of the page is wider than the window it is shown in. */
export const expectNoWider = async (page: Page): Promise<void> =>
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0)

/** Holds that axe finds nothing wrong with the page, and that it fits a phone. It is left at the width of a desktop. */
export const expectFits = async (page: Page): Promise<void> => {
  expect(await axeFaults(page)).toEqual([])
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoWider(page)
  await page.setViewportSize({ width: 1280, height: 800 })
}
