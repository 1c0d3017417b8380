/** Next's parameters as URLSearchParams, and the sentences of `dropped` apart. */
export const toParams = (given: Record<string, string | string[] | undefined>): [URLSearchParams, string[]] => {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(given))
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) params.append(name, one)
  const notices = params.getAll('dropped').slice(0, 10)
  params.delete('dropped')
  return [params, notices]
}
