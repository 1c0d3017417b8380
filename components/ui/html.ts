/** Markup that is already escaped. Only `html` and `raw` make it, so a plain string can never pass for it. */
export class Html {
  constructor(readonly text: string) {}
}

type Piece = Html | string | number | null | undefined | false | readonly Html[]

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const unsafe = /[&<>"']/
const unsafeAll = /[&<>"']/g

export const escapeHtml = (text: string): string => (unsafe.test(text) ? text.replace(unsafeAll, (c) => entities[c]!) : text)

const render = (piece: Piece): string => {
  if (typeof piece === 'string') return escapeHtml(piece)
  if (piece instanceof Html) return piece.text
  if (typeof piece === 'number') return String(piece)
  if (Array.isArray(piece)) {
    let text = ''
    for (const one of piece as readonly Html[]) text += one.text
    return text
  }
  return ''
}

/**
 * Escaped by default: every interpolated string is text, also inside a quoted attribute. Attributes must be quoted in the template.
 * Used where hundreds of cells a page are written, because a string costs a tenth of as many React elements.
 */
export const html = (strings: TemplateStringsArray, ...pieces: Piece[]): Html => {
  let text = strings[0]!
  for (let i = 0; i < pieces.length; i += 1) text += render(pieces[i]) + strings[i + 1]!
  return new Html(text)
}

export const noHtml = new Html('')
