import { resourceRoutes } from '../../../_lib/resources'

export const { get: GET, change: PATCH, remove: DELETE } = resourceRoutes(null)
