import { dictionary } from '@zxcvbn-ts/language-common'

/** The passwords that were stolen most often, about fifty thousand, in small letters. */
const stolen: ReadonlySet<string> = new Set(dictionary['passwords-common'])

/** What the most used passwords are made of, in small letters, without the numbers and signs that people put around it. */
const common = [
  ...'password passwort passwd secret geheim letmein welcome willkommen changeme default master iloveyou sunshine princess football baseball dragon monkey'.split(
    ' ',
  ),
  ...'shadow superman batman trustno starwars charlie michael jennifer jordan hunter killer freedom whatever computer internet server access login user test'.split(
    ' ',
  ),
  ...'admin administrator root system manager guest temp summer winter spring autumn january february march april june july august september october'.split(
    ' ',
  ),
  ...'november december monday tuesday wednesday thursday friday qwertyuiop qwertz qwerty asdfghjkl asdf zxcvbnm azerty qazwsx abcdefghijklmnopqrstuvwxyz abc xyz'.split(
    ' ',
  ),
  ...'matriarch postgresql postgres database oracle mysql company breakglass break glass emergency hello please love live pass word the my is for and'.split(
    ' ',
  ),
].sort((a, b) => b.length - a.length)

const lookAlikes: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}
const lettersMin = 4
const differentMin = 5
/** Shorter than that, a word is no more than a part of what stands around it. */
const coreMin = 6

/** Letters that are left when everything common, and every number and sign, is taken out. */
const ownLetters = (text: string): number => {
  let rest = text
  for (const word of common) rest = rest.replaceAll(word, ' ')
  return (rest.match(/\p{L}/gu) ?? []).length
}

const isRepetition = (text: string): boolean => /^(.{1,6}?)\1+.{0,5}$/u.test(text)

/** A stolen password, also with numbers and signs put before or after it. */
const isStolen = (text: string): boolean => {
  const letters = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
  return stolen.has(text) || (letters.length >= coreMin && stolen.has(letters))
}

/** Whether lists of stolen passwords, and the rules by which they are varied, would soon come to this one. Random numbers and letters never are. */
export const isCommonPassword = (password: string): boolean => {
  const text = password.normalize('NFKC').toLowerCase()
  const read = [...text].map((letter) => lookAlikes[letter] ?? letter).join('')
  if (new Set(text).size < differentMin || isRepetition(text) || isStolen(text) || isStolen(read)) return true
  return Math.min(ownLetters(text), ownLetters(read)) < lettersMin && !isRandomNumber(text)
}

/** Numbers that are no year, date or row of the keyboard: twelve random digits are a fair password. */
const isRandomNumber = (text: string): boolean => {
  const runs = (text.match(/\d{12,}/g) ?? []).join('')
  const steps = [...runs].filter((digit, index) => index > 0 && Math.abs(Number(digit) - Number(runs[index - 1])) <= 1).length
  return runs.length >= 12 && steps < runs.length / 2
}
