/** `m5.large`, or `db.m5.large` where it is a class of RDS; of a regular expression. */
export const typeSource = '(db\\.)?[a-z][a-z0-9-]*\\.[a-z0-9-]+'
const whole = new RegExp(`^${typeSource}$`)

export const isType = (text: string): boolean => whole.test(text)
