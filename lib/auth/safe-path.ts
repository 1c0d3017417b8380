const here = 'http://here.invalid'

/** Only a path of this console: a link in a mail must not redirect elsewhere after the password was typed. Anything else becomes `/`. */
export const safePath = (value: unknown): string => {
  if (typeof value !== 'string' || !value.startsWith('/') || !URL.canParse(value, here)) return '/'
  const url = new URL(value, here)
  const path = `${url.pathname}${url.search}`
  // Dot segments are gone only now: `/.//evil.example` has become `//evil.example`, which a browser reads as another host.
  const isHere = url.origin === here && URL.canParse(path, here) && new URL(path, here).origin === here
  return !isHere || url.pathname.startsWith('/login') ? '/' : path
}
