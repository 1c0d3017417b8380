import { LinkButton } from '@/components/ui/button'
import type { ResourceParts } from './part'

export const person: ResourceParts = {
  Above: ({ loaded: { href } }) => (
    <p>
      <LinkButton href={`${href}/access`}>Permissions</LinkButton>
    </p>
  ),
}
