/** The mark: an elephant's head from the front, ears wide. Takes the colour of the text around it. */
export const Mark = () => (
  <svg viewBox="0 0 32 32" fill="none" aria-hidden="true">
    <path
      d="M11 7C6.5 4.5 1.8 7.6 2.3 13.4c.4 5 4 8.4 8.2 7.4M21 7c4.500-2.500 9.200.6 8.700 6.400-.4 5-4 8.400-8.200 7.400"
      fill="currentColor"
      opacity=".32"
    />
    <path
      d="M16 5.500c4.600 0 7 3 6.600 8.200-.3 3.800-1.900 5.600-2.900 8.300-.9 2.600-.5 5.500-3.700 5.500s-2.800-2.900-3.700-5.500c-1-2.700-2.600-4.500-2.900-8.300C9 8.500 11.400 5.500 16 5.500Z"
      fill="currentColor"
    />
    <circle cx="12.700" cy="13" r="1.100" fill="var(--surface)" />
    <circle cx="19.300" cy="13" r="1.100" fill="var(--surface)" />
  </svg>
)
