import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Of every answer, whoever gives it. */
const fixed: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': [
    'accelerometer',
    'camera',
    'display-capture',
    'geolocation',
    'gyroscope',
    'magnetometer',
    'microphone',
    'midi',
    'payment',
    'usb',
  ]
    .map((feature) => `${feature}=()`)
    .join(', '),
}
const hsts = `max-age=${2 * 365 * 24 * 3600}`

/** Nothing that is no page runs or loads anything, should a browser be made to show it as one. */
const bare = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * Scripts run only with the nonce of this very answer, or when such a script loads them. Styles may stand in the page: positions and sizes are written as
 * attributes, and what they could do without a script is nothing that `connect-src` and `img-src` let out.
 */
const ofPage = (nonce: string): string =>
  [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

const isNoPage = (url: string): boolean => /^\/(api|_next|metrics|agent|deploy)(\/|\?|$)/.test(url)

/**
 * Sets the headers of an answer before anything of it is written, and tells Next the nonce: it takes it from this header of the request, and puts it on its
 * own scripts. What a client sent under that name is thrown away.
 */
export const addSecurityHeaders = (request: IncomingMessage, response: ServerResponse, isHttps: boolean): void => {
  for (const [name, value] of Object.entries(fixed)) response.setHeader(name, value)
  if (isHttps) response.setHeader('strict-transport-security', hsts)
  const policy = isNoPage(request.url ?? '/') ? bare : ofPage(randomBytes(16).toString('base64'))
  response.setHeader('content-security-policy', policy)
  request.headers['content-security-policy'] = policy
  delete request.headers['content-security-policy-report-only']
}
