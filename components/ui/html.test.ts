import { expect, test } from 'vitest'
import { type Html, html } from './html'

test('an interpolated string is text, in content and in a quoted attribute', () => {
  const evil = `"><script>alert('x')</script>&`
  expect(html`<a title="${evil}">${evil}</a>`.text).toBe(
    '<a title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;</a>',
  )
})

test('markup made by html is kept, alone and in lists; nothing stands for null, undefined and false', () => {
  const parts = ['a<', 'b'].map((text) => html`<i>${text}</i>`)
  expect(html`<p>${parts}${null}${undefined}${false}${0}</p>`.text).toBe('<p><i>a&lt;</i><i>b</i>0</p>')
})

test('an object that only looks like markup is not markup', () => {
  expect(html`${JSON.parse('{"text":"<b>"}') as Html}`.text).toBe('')
})
