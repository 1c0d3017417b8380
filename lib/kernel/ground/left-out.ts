/**
 * Why a step is left out: nobody asked for it; there is nothing for it to do; or it would be needed and cannot be taken here. What was found to be so
 * already is none of these.
 */
export interface LeftOut {
  word: 'not-asked' | 'not-needed' | 'not-possible'
  because: string
}

export const leftOutWords: Readonly<Record<LeftOut['word'], string>> = {
  'not-asked': 'not asked for',
  'not-needed': 'not needed',
  'not-possible': 'not possible',
}
