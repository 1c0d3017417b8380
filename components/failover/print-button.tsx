'use client'

import { Button } from '@/components/ui/button'

export const PrintButton = () => <Button onClick={() => window.print()}>Print</Button>
