import type { Metadata } from 'next'
import HelpPage, { generateMetadata as metadataOf } from '../../[resource]/help/page'

const params = Promise.resolve({ resource: 'certificates' })

export const generateMetadata = (): Promise<Metadata> => metadataOf({ params })

/** The page of one object is this folder's own, and would take “help” for its id. */
const Page = () => HelpPage({ params })

export default Page
