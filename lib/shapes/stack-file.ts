import { parse, YAMLParseError } from 'yaml'
import { type ReadStackFile, readStackDocument } from './stack-schema'

/** Reads the text of a cluster file. Each problem names its field as the file writes it, and what to do. */
export const readStackFile = (text: string): ReadStackFile => {
  let document: unknown
  try {
    document = parse(text, { maxAliasCount: 0, prettyErrors: true })
  } catch (error) {
    const because = error instanceof YAMLParseError || error instanceof Error ? error.message.split('\n')[0]! : String(error)
    return { file: null, problems: [{ field: 'file', because: `It is no YAML: ${because}` }] }
  }
  return readStackDocument(document)
}
