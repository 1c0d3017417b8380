import type { LucideIcon } from 'lucide-react'
import { escapeHtml } from './html'

type Shape = readonly [tag: string, attributes: Readonly<Record<string, string>>]
interface Rendered {
  render: (props: object, ref: null) => { props: { icon?: { node?: readonly Shape[] } } }
}

const attribute = ([name, value]: [string, string]) =>
  name === 'key' ? '' : ` ${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}="${escapeHtml(value)}"`

/**
 * An icon as one element with fixed markup, for pages that show thirty of them: rendering a lucide component costs a dozen function calls and as many
 * elements each time. Decoration only: the words beside it, or the button's label, say what it means.
 */
export const drawn = (icon: LucideIcon) => {
  const shapes = (icon as unknown as Rendered).render({}, null).props.icon?.node ?? []
  const markup = { __html: shapes.map(([tag, attributes]) => `<${tag}${Object.entries(attributes).map(attribute).join('')}/>`).join('') }
  // biome-ignore lint/security/noDangerouslySetInnerHtml: the icon's own shapes, escaped above.
  const element = <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" dangerouslySetInnerHTML={markup} />
  return () => element
}
