import clsx from 'clsx'
import type { ComponentProps } from 'react'

export type ButtonLook = 'plain' | 'primary' | 'danger' | 'env' | 'quiet'

const buttonClass = (look: ButtonLook, isSmall: boolean, isIcon: boolean, className?: string) =>
  clsx('btn', look !== 'plain' && `btn-${look}`, isSmall && 'btn-small', isIcon && 'btn-icon', className)

interface Looks {
  look?: ButtonLook
  isSmall?: boolean
  isIcon?: boolean
}

/** `type` is "button" unless said otherwise, so that a stray button never submits a form. With `look="env"` set `data-env` on it or above it. */
export const Button = ({
  look = 'plain',
  isSmall = false,
  isIcon = false,
  className,
  type = 'button',
  ...rest
}: ComponentProps<'button'> & Looks) => <button type={type} className={buttonClass(look, isSmall, isIcon, className)} {...rest} />

/** A link that looks like a button. A plain anchor, as every link of the frame: the shell follows it through the router. */
export const LinkButton = ({ look = 'plain', isSmall = false, isIcon = false, className, ...rest }: ComponentProps<'a'> & Looks) => (
  <a className={buttonClass(look, isSmall, isIcon, className)} {...rest} />
)
