/** An element: its text, or its children in order. */
export interface Xml {
  name: string
  text: string
  children: Xml[]
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const unescapeXml = (text: string): string =>
  text.replace(/&(#x?[0-9a-f]+|\w+);/gi, (whole, name: string) =>
    name.startsWith('#')
      ? String.fromCodePoint(name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)))
      : (entities[name] ?? whole),
  )
const escapeXml = (text: string): string => text.replace(/[&<>]/g, (sign) => (sign === '&' ? '&amp;' : sign === '<' ? '&lt;' : '&gt;'))

/** As much XML as requests hold: elements, text, a declaration. Throws when a tag is not closed. */
export const parseXml = (source: string): Xml => {
  const root: Xml = { name: '', text: '', children: [] }
  const open = [root]
  for (const [, close, name, empty, text] of source.replace(/<\?.*?\?>/gs, '').matchAll(/<(\/?)([\w:.-]+)[^>]*?(\/?)>|([^<]+)/g)) {
    const top = open.at(-1)!
    if (text !== undefined) top.text += unescapeXml(text)
    else if (close) {
      if (open.pop()!.name !== name) throw new Error(`</${name}> closes nothing`)
    } else {
      const element: Xml = { name: name!, text: '', children: [] }
      top.children.push(element)
      if (!empty) open.push(element)
    }
  }
  if (open.length !== 1 || root.children.length !== 1) throw new Error('the document is not whole')
  return root.children[0]!
}

export const child = (element: Xml | undefined, name: string): Xml | undefined => element?.children.find((one) => one.name === name)
export const textOf = (element: Xml | undefined, name: string): string | undefined => child(element, name)?.text

export type Content = string | number | boolean | null | undefined | Content[] | { [name: string]: Content }

/** Objects become elements, arrays repeat theirs, null and undefined are left out. */
export const writeXml = (name: string, content: Content, attributes = ''): string => {
  if (content === null || content === undefined) return ''
  if (Array.isArray(content)) return content.map((one) => writeXml(name, one)).join('')
  const inner =
    typeof content === 'object'
      ? Object.entries(content)
          .map(([key, value]) => writeXml(key, value))
          .join('')
      : escapeXml(String(content))
  return `<${name}${attributes}>${inner}</${name}>`
}
