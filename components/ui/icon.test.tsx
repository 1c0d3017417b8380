import { Server, X } from 'lucide-react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { drawn } from './icon'

test('a drawn icon has the shapes of the icon it was drawn from', () => {
  for (const Icon of [Server, X]) {
    const Drawn = drawn(Icon)
    const shapes = (markup: string) => markup.replace(/^<svg[^>]*>|<\/svg>$/g, '').replace(/><\/(path|rect|line|circle)>/g, '/>')
    expect(shapes(renderToStaticMarkup(<Drawn />))).toBe(shapes(renderToStaticMarkup(<Icon aria-hidden="true" />)))
    expect(shapes(renderToStaticMarkup(<Drawn />))).toContain('<')
  }
})
