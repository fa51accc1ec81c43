import { ACCESS_ERRORS } from './errors/access.ts'
import { BATCH_ERRORS } from './errors/batch.ts'
import { MODEL_FILE_ERRORS } from './errors/model-files.ts'
import { PLATFORM_ERRORS } from './errors/platform.ts'
import { REGISTRY_ERRORS } from './errors/registry.ts'
import { REQUEST_ERRORS } from './errors/requests.ts'
import type { ErrorRow } from './errors/row.ts'
import { SERVING_ERRORS } from './errors/serving.ts'
import { SETTING_ERRORS } from './errors/settings.ts'
import { TRACKING_ERRORS } from './errors/tracking.ts'
import { VALUE_ERRORS } from './errors/values.ts'

export type { ErrorRow }

/** Every error code of the platform. Codes are never reused; `docs/errors.md` is generated from this table. */
export const ERRORS = {
  ...REQUEST_ERRORS,
  ...VALUE_ERRORS,
  ...SERVING_ERRORS,
  ...BATCH_ERRORS,
  ...ACCESS_ERRORS,
  ...REGISTRY_ERRORS,
  ...MODEL_FILE_ERRORS,
  ...TRACKING_ERRORS,
  ...SETTING_ERRORS,
  ...PLATFORM_ERRORS,
} as const satisfies Record<string, ErrorRow>

/** A stable error code. */
export type ErrorCode = keyof typeof ERRORS
