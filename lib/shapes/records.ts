/** What a reference field may point to. */
export interface ReferenceOption {
  id: string
  title: string
  environmentId: string | null
}
