import { z } from 'zod'
import { DIGEST_PATTERN, NAME_PATTERN } from './names.ts'

export const name = z.string().regex(NAME_PATTERN, 'must start with a-z or 0-9, go on with a-z 0-9 . _ - and have at most 100 characters')

export const digest = z.string().regex(DIGEST_PATTERN, 'must be sha256: and 64 hex digits')

/** RFC 3339 in UTC with milliseconds. */
export const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
