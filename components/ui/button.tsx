import clsx from 'clsx'
import type { ComponentProps } from 'react'

export type ButtonVariant = 'plain' | 'primary' | 'danger' | 'env' | 'quiet'

const buttonClass = (variant: ButtonVariant, isSmall: boolean, isIcon: boolean, className?: string) =>
  clsx('btn', variant !== 'plain' && `btn-${variant}`, isSmall && 'btn-small', isIcon && 'btn-icon', className)

interface Appearance {
  variant?: ButtonVariant
  isSmall?: boolean
  isIcon?: boolean
}

/** `type` is "button" unless said otherwise, so that a stray button never submits a form. With `variant="env"` set `data-env` on it or above it. */
export const Button = ({
  variant = 'plain',
  isSmall = false,
  isIcon = false,
  className,
  type = 'button',
  ...rest
}: ComponentProps<'button'> & Appearance) => <button type={type} className={buttonClass(variant, isSmall, isIcon, className)} {...rest} />

/** A link that looks like a button. A plain anchor, as every link of the frame: the shell follows it through the router. */
export const LinkButton = ({
  variant = 'plain',
  isSmall = false,
  isIcon = false,
  className,
  ...rest
}: ComponentProps<'a'> & Appearance) => <a className={buttonClass(variant, isSmall, isIcon, className)} {...rest} />
