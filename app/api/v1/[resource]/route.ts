import { resourceRoutes } from '../../_lib/resources'

export const { list: GET, add: POST } = resourceRoutes(null)
