import { resourceRoutes } from '../../../../_lib/resources'

export const { history: GET } = resourceRoutes(null)
