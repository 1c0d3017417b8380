import { quoteIdentifier, quoteLiteral } from '../values/sql-quote'
import { isQuotedList, listElements, type ParameterEdit } from './parameter'

/** ALTER SYSTEM for one parameter. The elements of a list that PostgreSQL quotes are given one by one: as one text they would be one element. */
export const alterStatement = ({ name, value }: ParameterEdit): string => {
  const named = name.toLowerCase().split('.').map(identifier).join('.')
  if (value === null) return `alter system reset ${named}`
  const values = isQuotedList(name) ? listElements(value) : [value]
  return `alter system set ${named} = ${values.map((one) => quoteLiteral(one).trim()).join(', ')}`
}

const identifier = (word: string): string => (/^[a-z_][a-z0-9_$]*$/.test(word) ? word : quoteIdentifier(word))
