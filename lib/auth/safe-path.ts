const here = 'http://here.invalid'

/** Only a path of this console: a link in a mail must not redirect elsewhere after the password was typed. Anything else becomes `/`. */
export const safePath = (value: unknown): string => {
  if (typeof value !== 'string' || !value.startsWith('/') || !URL.canParse(value, here)) return '/'
  const url = new URL(value, here)
  return url.origin !== here || url.pathname.startsWith('/login') ? '/' : `${url.pathname}${url.search}`
}
