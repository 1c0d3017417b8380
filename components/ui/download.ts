/** Saves `parts` as a file of the person's. In a browser only. */
export const download = (parts: string[], name: string, type: string): void => {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob(parts, { type }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
