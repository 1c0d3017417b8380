import { piecesOf } from '../reader/mask-statement'

const comment = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g
const number = /(?<![\w$".])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w"])/gi

/** What a statement does without the values that it holds, on one line: `update orders set state = ? where id = ?`. For those who may not read data. */
export const statementShape = (sql: string, charactersMax = 200): string => {
  const text = piecesOf(sql)
    .map((piece) => (piece.isLiteral ? '?' : piece.text.replaceAll(comment, ' ').replaceAll(number, '?')))
    .join('')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return text.length > charactersMax ? `${text.slice(0, charactersMax - 1)}…` : text
}
