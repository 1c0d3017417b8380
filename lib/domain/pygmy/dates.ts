const dayPattern = /^\d{4}-\d\d-\d\d$/

/** Whether it is a day that there is, written `2027-04-06`. */
export const isDay = (text: string): boolean => {
  if (!dayPattern.test(text)) return false
  const at = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === text
}

/** `2027-04-06, 2027-04-03`, or a list of them: each once. Otherwise what is wrong, as a sentence. */
export const readDays = (sent: unknown): string[] | string => {
  const parts = (Array.isArray(sent) ? sent : String(sent ?? '').split(',')).map((one) => String(one).trim()).filter((one) => one !== '')
  if (parts.length === 0) return 'dates is needed: "2027-04-06, 2027-04-03".'
  const wrong = parts.find((one) => !isDay(one))
  return wrong === undefined ? [...new Set(parts)] : `“${wrong}” is no day. Write days such as 2027-04-06, with commas between.`
}

const linesOf = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((one) => one.trim())
    .filter((one) => one !== '')

/** The single days of a calendar's text. */
export const daysIn = (text: string): string[] => linesOf(text).filter(isDay)

const linesMax = 200

/** A calendar's text with a day, in order; where it is full, days before `today` go. */
export const withDay = (text: string, day: string, today: string): string => {
  const lines = linesOf(text)
  if (lines.includes(day)) return text
  const all = [...lines, day].sort()
  return (all.length > linesMax ? all.filter((one) => !isDay(one) || one >= today) : all).join('\n')
}

export const withoutDay = (text: string, day: string): string =>
  linesOf(text)
    .filter((one) => one !== day)
    .join('\n')
