import { z } from 'zod'
import type { Row } from './signature.ts'

/** A row by column name. Not a record of the schema library: those leave out a column called `__proto__`. */
export const row = z.custom<Row>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'must be an object with a value per column')
row._zod.toJSONSchema = () => ({ type: 'object', propertyNames: { type: 'string' }, additionalProperties: {} })
