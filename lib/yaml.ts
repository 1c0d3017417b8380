import { parseDocument, stringify } from 'yaml'

/** A document of YAML as plain values, or why it is none, with the line. Tags such as `!vault` leave the text as it is. Anchors that would grow without bound are refused. */
export const readYaml = (text: string): { value: unknown } | { because: string } => {
  const document = parseDocument(text, { logLevel: 'silent', prettyErrors: true })
  const [error] = document.errors
  if (error) return { because: error.message.split('\n')[0]!.replace(/:$/, '.') }
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) }
  } catch (cause) {
    return { because: (cause as Error).message }
  }
}

export const writeYaml = (value: Readonly<Record<string, unknown>>): string => stringify(value, { lineWidth: 120 })
