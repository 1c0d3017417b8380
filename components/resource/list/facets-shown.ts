/** Until a person chooses, the filters are open where there is room for them; the style sheet knows. */
export type FacetsShown = 'auto' | 'open' | 'closed'

export const isFacetsShown = (shown: FacetsShown): boolean =>
  shown === 'open' || (shown === 'auto' && window.matchMedia('(min-width: 60rem)').matches)
