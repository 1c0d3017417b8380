import { isObject, type JsonObject } from '../ground/json'

/** The input of an earlier run without what a person answered for only then: properties whose JSON schema says `once`, such as the herd's name typed in place of a fence. */
export const inputAgain = (schema: JsonObject, input: JsonObject): JsonObject => {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const isOnce = (name: string) => isObject(properties[name]) && properties[name].once === true
  return Object.fromEntries(Object.entries(input).filter(([name]) => !isOnce(name)))
}
