import { isObject, type JsonObject } from '../ground/json'

/**
 * The statement that an operation's input holds, as it was typed: the value of the property whose JSON schema says `format: 'sql'`. null: the operation has
 * none. People confirm it, so every page that shows the plan or the run shows it first.
 */
export const statementIn = (schema: JsonObject, input: JsonObject): string | null => {
  const name = statementName(schema)
  const value = name === undefined ? undefined : input[name]
  return typeof value === 'string' && value.trim() !== '' ? value : null
}

/** The name of that property; undefined: the operation has none. */
export const statementName = ({ properties }: JsonObject): string | undefined =>
  isObject(properties)
    ? Object.keys(properties).find((one) => {
        const property = properties[one]
        return isObject(property) && property.format === 'sql'
      })
    : undefined

const shortMax = 60

/** On one line, cut where a title ends. */
export const shortStatement = (statement: string): string => {
  const line = statement.replace(/\s+/g, ' ').trim()
  return line.length <= shortMax ? line : `${line.slice(0, shortMax - 1).trimEnd()}…`
}
